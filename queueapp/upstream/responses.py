"""Read the JSON body of a response, or raise the error that its status means."""

from collections.abc import Callable

from queueapp.upstream.clock import hub_time
from queueapp.upstream.errors import (
    AmbiguousResponse,
    NotFoundAtHub,
    UpstreamError,
    error_for_status,
    parse_retry_after,
)
from queueapp.upstream.parsing import Json, error_text, parse_json
from queueapp.upstream.redaction import MAX_RAW, Redactor
from queueapp.upstream.transport import Response


def parse_response(
    response: Response,
    redact: Redactor,
    clock: Callable[[], float],
    *,
    may_be_missing: bool = False,
    creates: bool = False,
) -> Json:
    """Return the JSON of a response with status 200, or 201 or 202 to a call that `creates` something.

    Raises the error for every other status and AmbiguousResponse if the body is not JSON. With
    `may_be_missing`, a 404 with the hub's own message is NotFoundAtHub. Another 404 (a proxy's page, a path
    unknown to the hub) is AmbiguousResponse, because it says nothing about the requested thing.
    """
    body, is_json = None, True
    try:
        body = parse_json(response.body)
    except ValueError:
        is_json = False
    # Raised here and not above: a JSON error holds the whole body, in which a hub may repeat the key.
    if response.status not in ((200, 201, 202) if creates else (200,)):
        raise response_error(response, body, redact, clock, may_be_missing=may_be_missing)
    if not is_json:
        raise ambiguous_response(response, "The response is not JSON.", redact)
    return body


def response_error(
    response: Response, body: Json, redact: Redactor, clock: Callable[[], float], *, may_be_missing: bool
) -> UpstreamError:
    """Return the error for a response that reports a failure by its status."""
    message = error_text(body, redact)
    error_class: type[UpstreamError] = error_for_status(response.status)
    if may_be_missing and response.status == 404:
        error_class = NotFoundAtHub if message else AmbiguousResponse
    if not message and 300 <= response.status < 400:
        message = f"The hub redirects to {redact(response.headers.get('Location', '?'), 200)}"
    now = hub_time(response.headers.get("Date"), clock)
    return error_class(
        message or f"The hub answered with HTTP {response.status}.",
        status=response.status,
        raw=redact(response.text, MAX_RAW),
        retry_after=parse_retry_after(response.headers.get("Retry-After"), now),
    )


def ambiguous_response(response: Response, message: str, redact: Redactor) -> AmbiguousResponse:
    """Return the error for a response with status 200 that does not follow the protocol."""
    return AmbiguousResponse(message, status=response.status, raw=redact(response.text, MAX_RAW))
