"""Answer errors under `/api/` as JSON, in both documented shapes at once: clients read the one they know."""

import json
import logging
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from ninja import NinjaAPI
from ninja.errors import AuthenticationError, HttpError, ValidationError

from queueapp.errors import BadRequest, DroverError, MethodNotAllowed, NotFound, TooLarge, Unauthenticated

log = logging.getLogger(__name__)

ERROR_BY_STATUS: dict[int, type[DroverError]] = {
    400: BadRequest,
    401: Unauthenticated,
    404: NotFound,
    405: MethodNotAllowed,
    413: TooLarge,
}


class InternalError(DroverError):
    """An error in Drover itself."""

    status = 500
    kind = "internal_error"
    text = "Internal error"


def error_body(error: DroverError) -> dict[str, Any]:
    """Return the JSON body of an error.

    `message` is the protocol's documented text, or the explanation where the protocol documents none.
    """
    message = error.detail if isinstance(error, BadRequest) else error.text
    fields = {"type": error.kind, "title": error.text, "detail": error.detail, "message": message}
    return {"error": fields, "status": "error", "status_message": error.kind}


def error_response(error: DroverError) -> JsonResponse:
    """Return the response for an error."""
    response = JsonResponse(error_body(error), status=error.status)
    if error.status == 401:
        response["WWW-Authenticate"] = "Bearer"
    return response


def register_handlers(api: NinjaAPI) -> None:
    """Register an exception handler for every exception that an API view can raise."""

    @api.exception_handler(DroverError)
    def drover_error(request: HttpRequest, error: DroverError) -> HttpResponse:
        return error_response(error)

    @api.exception_handler(AuthenticationError)
    def unauthenticated(request: HttpRequest, error: AuthenticationError) -> HttpResponse:
        return error_response(Unauthenticated("Send a valid API token: Authorization: Bearer TOKEN."))

    @api.exception_handler(ValidationError)
    def validation_error(request: HttpRequest, error: ValidationError) -> HttpResponse:
        return error_response(BadRequest(json.dumps(error.errors, default=str)[:500]))

    @api.exception_handler(HttpError)
    def http_error(request: HttpRequest, error: HttpError) -> HttpResponse:
        return error_response(ERROR_BY_STATUS.get(error.status_code, BadRequest)(str(error)))

    @api.exception_handler(Http404)
    def not_found(request: HttpRequest, error: Http404) -> HttpResponse:
        return error_response(NotFound())

    @api.exception_handler(Exception)
    def internal_error(request: HttpRequest, error: Exception) -> HttpResponse:
        log.error("%s %s failed.", request.method, request.path, exc_info=error)
        response = error_response(InternalError("The error was logged. This call changed nothing."))
        response._has_been_logged = True  # type: ignore[attr-defined]  # Django would log it again.
        return response
