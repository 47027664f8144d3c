"""From an answer to what it means: the parsed body of a good one, the right error for every other."""

from collections.abc import Callable

from .errors import NotThere, Unclear, UpstreamError, meaning, wait_asked
from .reading import MESSAGE, RAW, Cleaner, Json, error_text, load
from .transport import Answer, now_at


def body_of(
    answer: Answer, clean: Cleaner, clock: Callable[[], float], *, missing: bool = False, made: bool = False
) -> Json:
    """The JSON of a 200 answer (and, where `made`, of 201 and 202); the error that fits for others.

    With `missing`, a 404 in the hub's own words is NotThere, and any other 404 (a proxy's page, a path the
    hub does not know) is Unclear: it says nothing about the thing asked for.
    """
    body, is_json = None, True
    try:
        body = load(answer.body)
    except ValueError:
        is_json = False
    # Raised out here: a JSON error holds the whole body, and with it whatever key the hub repeated.
    if answer.status not in ((200, 201, 202) if made else (200,)):
        raise error_from(answer, body, clean, clock, missing=missing)
    if not is_json:
        raise unclear(answer, "The answer is not JSON.", clean)
    return body


def error_from(
    answer: Answer, body: Json, clean: Cleaner, clock: Callable[[], float], *, missing: bool
) -> UpstreamError:
    """The error for an answer whose status is not a good one."""
    words = error_text(body, clean)
    kind: type[UpstreamError] = meaning(answer.status)
    if missing and answer.status == 404:
        kind = NotThere if words else Unclear
    if not words and 300 <= answer.status < 400:
        words = f"The hub sends its callers elsewhere: {clean(answer.headers.get('Location', '?'), 200)}"
    return kind(
        words or f"The hub answered {answer.status}.",
        status=answer.status,
        raw=clean(answer.text, RAW),
        retry_after=wait_asked(answer.headers.get("Retry-After"), now_at(answer.headers.get("Date"), clock)),
    )


def unclear(answer: Answer, words: str, clean: Cleaner) -> Unclear:
    """A 200 that is not what the protocol promises."""
    return Unclear(clean(words, MESSAGE), status=answer.status, raw=clean(answer.text, RAW))
