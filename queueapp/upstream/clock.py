"""Compare the hub's clock with ours, by the `Date` header of its responses."""

from collections.abc import Callable
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

#: Seconds. A smaller offset between the clocks is not reported.
REPORTED_OFFSET = 2.0


def parse_http_date(value: str | None) -> datetime | None:
    """Return an HTTP date as an aware datetime, or None if it is not one."""
    try:
        date = parsedate_to_datetime(value or "")
        return date.astimezone(UTC) if date.tzinfo else date.replace(tzinfo=UTC)
    except (ValueError, TypeError, OverflowError, IndexError):
        return None


def measure_offset(date: str | None, sent_at: float, received_at: float) -> float | None:
    """Return the hub's clock minus ours in seconds, or None without a valid `Date` header.

    `sent_at` and `received_at` are Unix times by our clock. A `Date` has whole seconds, so on average it
    is half a second behind; it is taken to be the time in the middle of the exchange.
    """
    hub_date = parse_http_date(date)
    return None if hub_date is None else hub_date.timestamp() + 0.5 - (sent_at + received_at) / 2


def hub_time(date: str | None, clock: Callable[[], float]) -> datetime:
    """Return the hub's time from the `Date` header of a response, or our own time without one."""
    return parse_http_date(date) or datetime.fromtimestamp(clock(), UTC)
