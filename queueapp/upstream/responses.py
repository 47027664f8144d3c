"""From an answer to what it means: the parsed body of a good one, the right error for every other."""

from collections.abc import Callable

from queueapp.upstream.clock import hub_time
from queueapp.upstream.errors import (
    AmbiguousResponse,
    NotFoundAtHub,
    UpstreamError,
    error_for_status,
    parse_retry_after,
)
from queueapp.upstream.parsing import MAX_MESSAGE, MAX_RAW, Json, Redactor, error_text, parse_json
from queueapp.upstream.transport import Response


def parse_response(
    answer: Response,
    clean: Redactor,
    clock: Callable[[], float],
    *,
    missing: bool = False,
    made: bool = False,
) -> Json:
    """The JSON of a 200 answer (and, where `made`, of 201 and 202); the error that fits for others.

    With `missing`, a 404 in the hub's own words is NotThere, and any other 404 (a proxy's page, a path the
    hub does not know) is Unclear: it says nothing about the thing asked for.
    """
    body, is_json = None, True
    try:
        body = parse_json(answer.body)
    except ValueError:
        is_json = False
    # Raised out here: a JSON error holds the whole body, and with it whatever key the hub repeated.
    if answer.status not in ((200, 201, 202) if made else (200,)):
        raise error_from(answer, body, clean, clock, missing=missing)
    if not is_json:
        raise ambiguous_response(answer, "The answer is not JSON.", clean)
    return body


def error_from(
    answer: Response, body: Json, clean: Redactor, clock: Callable[[], float], *, missing: bool
) -> UpstreamError:
    """The error for an answer whose status is not a good one."""
    words = error_text(body, clean)
    kind: type[UpstreamError] = error_for_status(answer.status)
    if missing and answer.status == 404:
        kind = NotFoundAtHub if words else AmbiguousResponse
    if not words and 300 <= answer.status < 400:
        words = f"The hub sends its callers elsewhere: {clean(answer.headers.get('Location', '?'), 200)}"
    return kind(
        words or f"The hub answered {answer.status}.",
        status=answer.status,
        raw=clean(answer.text, MAX_RAW),
        retry_after=parse_retry_after(
            answer.headers.get("Retry-After"), hub_time(answer.headers.get("Date"), clock)
        ),
    )


def ambiguous_response(answer: Response, words: str, clean: Redactor) -> AmbiguousResponse:
    """A 200 that is not what the protocol promises."""
    return AmbiguousResponse(clean(words, MAX_MESSAGE), status=answer.status, raw=clean(answer.text, MAX_RAW))
