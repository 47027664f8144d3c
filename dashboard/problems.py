"""What cannot be done, as a page. The API answers its own errors."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from queueapp.errors import DroverError


class ErrorPages:
    """Turns a DroverError that a page's view raised into the page that says so."""

    def __init__(self, get_response):  # type: ignore[no-untyped-def]
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response: HttpResponse = self.get_response(request)
        return response

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        if not isinstance(error, DroverError) or request.path.startswith("/api/"):
            return None
        if getattr(request, "htmx", False):
            # The script shows these words; the page they belong to stays.
            return HttpResponse(error.detail, status=error.status, content_type="text/plain")
        template = "404.html" if error.status == 404 else "error.html"
        return render(request, template, {"error": error}, status=error.status)
