"""Turn a DroverError raised by a page's view into an error page."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from dashboard.requests import HtmxHttpRequest
from queueapp.errors import DroverError


class ErrorPageMiddleware:
    """Answer a DroverError with a page, or with plain text for htmx. The API answers its own errors."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HtmxHttpRequest, error: Exception) -> HttpResponse | None:
        if not isinstance(error, DroverError) or request.path.startswith("/api/"):
            return None
        if request.htmx:
            # drover.js shows the text in a toast and leaves the page as it is.
            return HttpResponse(error.detail, status=error.status, content_type="text/plain")
        template = "404.html" if error.status == 404 else "error.html"
        return render(request, template, {"error": error}, status=error.status)
