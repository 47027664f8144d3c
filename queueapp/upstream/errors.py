"""The errors of a call to a hub, and the table from HTTP status to error.

Every message is plain text for a user, cut, and free of the API key: the client redacts each text before
it raises.
"""

import re
from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType
from typing import ClassVar

from queueapp.upstream.clock import parse_http_date

#: Seconds: the longest delay that a hub can ask for. A longer `Retry-After` counts as this much.
MAX_RETRY_AFTER = 3600.0


class UpstreamError(Exception):
    """A call that did not succeed.

    `status` is the hub's HTTP status, if there was one; `raw` the cut and redacted body; `retry_after`
    the delay in seconds that the hub asked for.
    """

    #: The same call may succeed later, without a change by anybody.
    retryable: ClassVar[bool] = False
    #: The hub may have done (and billed) what was requested in spite of the error.
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
        """Return whether even a call that costs money may be sent again unchanged."""
        return self.retryable and not self.may_have_happened


class Unreachable(UpstreamError):
    """The host name, the connection or TLS failed. No byte of the request was sent."""

    retryable = True


class Busy(UpstreamError):
    """The hub is busy and did nothing. `retry_after` may say when to call again."""

    retryable = True


class RequestRejected(UpstreamError):
    """The hub rejects this request for good. The message is the hub's own."""


class InvalidKey(UpstreamError):
    """The hub does not accept the key. Every call fails until an admin changes it."""


class OutOfCredits(UpstreamError):
    """The account cannot pay. Every enqueue fails until it has credits again."""


class NotFoundAtHub(UpstreamError):
    """The hub itself (not a proxy's error page) reports that the thing does not exist, or has ended."""


class NotSupported(UpstreamError):
    """This revision of the protocol has no such call. Nothing was sent, unless the hub answered 404."""


class LinkExpired(UpstreamError):
    """The link to a result answers 401, 403, 404 or 410: ask the hub for a new one."""


class InvalidLink(UpstreamError):
    """A link that must not be followed, or a result that is too large. Another attempt will not help."""


class AmbiguousResponse(UpstreamError):
    """A response that was lost, late, cut short, too large or not in the protocol. It proves nothing."""

    retryable = True
    may_have_happened = True


#: The meaning of an HTTP status. Other 4xx mean RequestRejected, all other statuses AmbiguousResponse.
STATUS_ERRORS: Mapping[int, type[UpstreamError]] = MappingProxyType(
    {
        400: RequestRejected,
        401: InvalidKey,
        402: OutOfCredits,
        403: InvalidKey,
        404: RequestRejected,
        407: Unreachable,  # From a proxy on the way, which passed nothing on.
        408: AmbiguousResponse,
        415: RequestRejected,
        422: RequestRejected,
        425: Busy,
        429: Busy,
        499: AmbiguousResponse,  # From nginx, for a client that disconnected while the hub worked.
        503: Busy,
    }
)
#: The meaning of an HTTP status for a link to a result. Other 4xx mean InvalidLink.
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
    """Return the error class for an HTTP status of the API."""
    return STATUS_ERRORS.get(status, RequestRejected if 400 <= status < 500 else AmbiguousResponse)


def link_error_for_status(status: int) -> type[UpstreamError]:
    """Return the error class for an HTTP status of a link to a result."""
    return LINK_STATUS_ERRORS.get(status, InvalidLink if 400 <= status < 500 else AmbiguousResponse)


def parse_retry_after(value: str | None, now: datetime) -> float | None:
    """Return the seconds that a `Retry-After` header asks for, from 0 to MAX_RETRY_AFTER.

    The header holds seconds or a date (RFC 9110, 10.2.3). `now` is the hub's time, so that a date does not
    depend on our clock. Returns None without a valid header.
    """
    text = (value or "").strip()
    if re.fullmatch(r"\d{1,12}(\.\d{1,6})?", text):
        return min(float(text), MAX_RETRY_AFTER)
    date = parse_http_date(text)
    return None if date is None else min(max((date - now).total_seconds(), 0.0), MAX_RETRY_AFTER)
