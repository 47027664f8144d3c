"""Errors in the documented shapes, both at once: clients read whichever they know."""

import json
import logging
from collections.abc import Callable
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from ninja import NinjaAPI
from ninja.errors import AuthenticationError, HttpError, ValidationError

from queueapp.errors import BadRequest, DroverError, MethodNotAllowed, NotFound, TooLarge, Unauthenticated

log = logging.getLogger(__name__)

PREFIX = "/api/"
_BY_STATUS: dict[int, type[DroverError]] = {
    400: BadRequest,
    401: Unauthenticated,
    404: NotFound,
    405: MethodNotAllowed,
    413: TooLarge,
}


class Broken(DroverError):
    """A fault of Drover's own."""

    status = 500
    kind = "internal_error"
    text = "Something broke here"


def body(error: DroverError) -> dict[str, Any]:
    """An error as the protocol tells it. `message` is the documented text, or else the explanation."""
    message = error.detail if isinstance(error, BadRequest) else error.text
    told = {"type": error.kind, "title": error.text, "detail": error.detail, "message": message}
    return {"error": told, "status": "error", "status_message": error.kind}


def answer(error: DroverError) -> JsonResponse:
    """The response that tells of an error."""
    response = JsonResponse(body(error), status=error.status)
    if error.status == 401:
        response["WWW-Authenticate"] = "Bearer"
    return response


def install(api: NinjaAPI) -> None:
    """Have every exception of the API's views answered in this shape."""

    @api.exception_handler(DroverError)
    def drover_error(request: HttpRequest, error: DroverError) -> HttpResponse:
        return answer(error)

    @api.exception_handler(AuthenticationError)
    def no_token(request: HttpRequest, error: AuthenticationError) -> HttpResponse:
        return answer(Unauthenticated("Send a valid API token: Authorization: Bearer TOKEN."))

    @api.exception_handler(ValidationError)
    def bad_field(request: HttpRequest, error: ValidationError) -> HttpResponse:
        return answer(BadRequest(json.dumps(error.errors, default=str)[:500]))

    @api.exception_handler(HttpError)
    def http_error(request: HttpRequest, error: HttpError) -> HttpResponse:
        return answer(_BY_STATUS.get(error.status_code, BadRequest)(str(error)))

    @api.exception_handler(Http404)
    def not_found(request: HttpRequest, error: Http404) -> HttpResponse:
        return answer(NotFound())

    @api.exception_handler(Exception)
    def broken(request: HttpRequest, error: Exception) -> HttpResponse:
        log.error("%s %s broke.", request.method, request.path, exc_info=error)
        return _unlogged(answer(Broken("It was logged; nothing was changed by this call.")))


def _unlogged(response: HttpResponse) -> HttpResponse:
    """Keep Django from logging the same failure a second time."""
    response._has_been_logged = True  # type: ignore[attr-defined]
    return response


class ApiErrors:
    """Gives what Django itself answers under the API (unknown paths, wrong methods) the same shape."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        return _reshaped(response) if self._is_ours(request, response) else response

    @staticmethod
    def _is_ours(request: HttpRequest, response: HttpResponse) -> bool:
        kind: Any = response.get("Content-Type", "")
        is_api = request.path.startswith(PREFIX) or request.path == PREFIX.rstrip("/")
        return is_api and response.status_code >= 400 and not kind.startswith("application/json")


def _reshaped(response: HttpResponse) -> HttpResponse:
    """The same response, its headers kept, that tells its error as the protocol does."""
    error = _BY_STATUS.get(response.status_code, Broken if response.status_code >= 500 else BadRequest)
    detail = {404: "There is nothing at this address.", 405: f"It takes {response.get('Allow', '')}."}
    shaped = answer(error(detail.get(response.status_code, "")))
    response.content = shaped.content
    response["Content-Type"] = shaped["Content-Type"]
    response["Content-Length"] = str(len(shaped.content))
    return response
