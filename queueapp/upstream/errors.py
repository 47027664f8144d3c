"""What a call to a hub can come to, and what each outcome allows: one table from HTTP status to meaning.

Every message here is plain words for a person, cut, and free of the key (the client cleans each text
before it raises).
"""

import re
from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType
from typing import ClassVar

from queueapp.upstream.clock import parse_http_date

#: The longest wait a hub may ask for, in seconds; more is read as this much.
MAX_RETRY_AFTER = 3600.0


class UpstreamError(Exception):
    """A call that did not bring what was asked for.

    `status` is the hub's HTTP status where there was one, `raw` the cut and cleaned body, `retry_after`
    the wait in seconds that the hub asked for.
    """

    #: The same call may be answered differently later, with nobody doing anything about it.
    retryable: ClassVar[bool] = False
    #: The hub may have done (and billed) what was asked although this was raised.
    may_have_happened: ClassVar[bool] = False

    def __init__(
        self, message: str, *, status: int | None = None, raw: str = "", retry_after: float | None = None
    ) -> None:
        super().__init__(message)
        self.message = message
        self.status = status
        self.raw = raw
        self.retry_after = retry_after

    @property
    def safe_to_repeat(self) -> bool:
        """Whether even a call that costs money may be sent again as it is."""
        return self.retryable and not self.may_have_happened


class Unreachable(UpstreamError):
    """The name, the connection or TLS failed: not one byte of the request was sent."""

    retryable = True


class Busy(UpstreamError):
    """The hub says not now, and did nothing; `retry_after` may say when."""

    retryable = True


class RequestRejected(UpstreamError):
    """The hub will not do this, now or later; the message is its own words."""


class InvalidKey(UpstreamError):
    """The hub does not accept the key; nothing will work until somebody changes it."""


class OutOfCredits(UpstreamError):
    """The account cannot pay; nothing will be made until somebody tops it up."""


class NotFoundAtHub(UpstreamError):
    """The hub itself (not a proxy's page) says that there is no such thing, or that it has ended."""


class NotSupported(UpstreamError):
    """This revision of the protocol has no such call; nothing was sent."""


class LinkExpired(UpstreamError):
    """The link to a result answers 401, 403, 404 or 410: ask the hub once more for a fresh one."""


class InvalidLink(UpstreamError):
    """A link that must not or cannot be fetched, now or later: where it leads, or how large it is."""


class AmbiguousResponse(UpstreamError):
    """An answer that says nothing: lost, late, cut short, too large, or not in the protocol's words."""

    retryable = True
    may_have_happened = True


#: What an HTTP status means. Those that are missing: 4xx is `Refused`, everything else `Unclear`.
STATUS_ERRORS: Mapping[int, type[UpstreamError]] = MappingProxyType(
    {
        400: RequestRejected,
        401: InvalidKey,
        402: OutOfCredits,
        403: InvalidKey,
        404: RequestRejected,
        407: Unreachable,  # Said by a proxy on the way, which let nothing through.
        408: AmbiguousResponse,
        415: RequestRejected,
        422: RequestRejected,
        425: Busy,
        429: Busy,
        499: AmbiguousResponse,  # nginx, about a client that went away while the hub was at work.
        503: Busy,
    }
)
#: What an HTTP status means for a link to a result.
LINK_STATUS_ERRORS: Mapping[int, type[UpstreamError]] = MappingProxyType(
    {
        401: LinkExpired,
        403: LinkExpired,
        404: LinkExpired,
        407: Unreachable,
        408: AmbiguousResponse,
        410: LinkExpired,
        425: Busy,
        429: Busy,
        499: AmbiguousResponse,
        503: Busy,
    }
)


def error_for_status(status: int) -> type[UpstreamError]:
    """The error that an HTTP status of the API stands for."""
    return STATUS_ERRORS.get(status, RequestRejected if 400 <= status < 500 else AmbiguousResponse)


def link_error_for_status(status: int) -> type[UpstreamError]:
    """The error that an HTTP status of a result's link stands for."""
    return LINK_STATUS_ERRORS.get(status, InvalidLink if 400 <= status < 500 else AmbiguousResponse)


def parse_retry_after(value: str | None, now: datetime) -> float | None:
    """Seconds that a `Retry-After` header asks for (RFC 9110, 10.2.3: seconds or a date), 0 to LONGEST_WAIT.

    `now` is the time at the hub, so that a date means the same whatever our own clock says. None when
    there is no header or it makes no sense.
    """
    text = (value or "").strip()
    if re.fullmatch(r"\d{1,12}(\.\d{1,6})?", text):
        return min(float(text), MAX_RETRY_AFTER)
    when = parse_http_date(text)
    return None if when is None else min(max((when - now).total_seconds(), 0.0), MAX_RETRY_AFTER)
