"""Convert errors that Django answers under `/api/` to API errors."""

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponse

from dashboard.api.errors import ERROR_BY_STATUS, InternalError, error_response
from queueapp.errors import BadRequest

PREFIX = "/api/"


class ApiErrorMiddleware:
    """Converts errors that Django answers under `/api/` (unknown paths, wrong methods) to API errors."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        return _as_api_error(response) if self._needs_conversion(request, response) else response

    @staticmethod
    def _needs_conversion(request: HttpRequest, response: HttpResponse) -> bool:
        content_type: Any = response.get("Content-Type", "")
        is_api = request.path.startswith(PREFIX) or request.path == PREFIX.rstrip("/")
        return is_api and response.status_code >= 400 and not content_type.startswith("application/json")


def _as_api_error(response: HttpResponse) -> HttpResponse:
    """Replace the body of a response by an API error; its headers stay."""
    fallback = InternalError if response.status_code >= 500 else BadRequest
    error_class = ERROR_BY_STATUS.get(response.status_code, fallback)
    details = {404: "There is nothing at this address.", 405: f"Allowed: {response.get('Allow', '')}."}
    converted = error_response(error_class(details.get(response.status_code, "")))
    response.content = converted.content
    response["Content-Type"] = converted["Content-Type"]
    response["Content-Length"] = str(len(converted.content))
    return response
