"""Track the health of connections with two circuit breakers and a stop.

One breaker counts failed calls and pauses every call to the hub. The other counts failed enqueues and
pauses enqueues alone. A stop has no end of its own: a successful check resumes the connection.
"""

import random
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Exists, F, OuterRef
from django.utils import timezone

from queueapp.models import Connection, Generation, Namespace
from queueapp.models.base import update_row
from queueapp.services import coordination
from queueapp.upstream.retry import backoff

#: Seconds: the longest pause after failures, unless the hub asks for a longer one.
MAX_DELAY = 60.0
#: Failures in a row before a connection counts as failing. Fewer are common and would only alarm people.
FAILING_AFTER = 4
#: Seconds: smaller changes of a clock offset are measurement noise.
_CLOCK_NOISE = 1.0
#: The health columns of a connection without failures.
HEALTHY: Mapping[str, object] = {
    "stop_reason": "",
    "stop_message": "",
    "stopped_at": None,
    "consecutive_failures": 0,
    "retry_at": None,
    "submit_failures": 0,
    "submit_after": None,
    "last_error": "",
}


@dataclass(frozen=True, slots=True)
class _Breaker:
    """The columns of a circuit breaker: its failures in a row, and when the next attempt is allowed."""

    failures: str
    retry_at: str

    def count(self, connection: Connection) -> int:
        """Return the number of failures in a row."""
        failures: int = getattr(connection, self.failures)
        return failures

    def allows(self, connection: Connection, now: datetime) -> bool:
        """Return whether an attempt is allowed now."""
        retry_at: datetime | None = getattr(connection, self.retry_at)
        return retry_at is None or retry_at <= now


_CALLS = _Breaker("consecutive_failures", "retry_at")
_SUBMITS = _Breaker("submit_failures", "submit_after")


def is_configured(connection: Connection) -> bool:
    """Return whether its revision is known and, for a classic hub, its namespace."""
    if connection.kind == Connection.Kind.BUILTIN:
        return True
    if connection.revision == Connection.Revision.CLASSIC:
        return bool(connection.namespace)
    return bool(connection.revision)


def is_failing(connection: Connection) -> bool:
    """Return whether calls or enqueues have failed too often in a row to be chance."""
    return max(breaker.count(connection) for breaker in (_CALLS, _SUBMITS)) >= FAILING_AFTER


def accepts_calls(connection: Connection, now: datetime) -> bool:
    """Return whether the hub may be called now."""
    return _CALLS.allows(connection, now)


def accepts_work(connection: Connection, now: datetime) -> bool:
    """Return whether new generations may be released to the connection now."""
    is_open = connection.enabled and not connection.stop_reason and is_configured(connection)
    return is_open and _SUBMITS.allows(connection, now) and accepts_calls(connection, now)


def record_success(connection: Connection) -> None:
    """Record a call that the hub answered as expected."""
    _reset(connection, _CALLS, other=_SUBMITS)


def record_failure(connection: Connection, message: str, retry_after: float | None = None) -> None:
    """Record a failed call and pause every call, longer after each failure.

    `retry_after` is the pause in seconds that the hub asked for.
    """
    _count_failure(connection, _CALLS, message, retry_after)


def record_submit_success(connection: Connection) -> None:
    """Record an enqueue that the hub answered, even if it rejected the request."""
    _reset(connection, _SUBMITS, other=_CALLS)


def record_submit_failure(connection: Connection, message: str, retry_after: float | None = None) -> None:
    """Record a failed enqueue and pause enqueues. Generations at the hub are still polled."""
    _count_failure(connection, _SUBMITS, message, retry_after)


def _reset(connection: Connection, breaker: _Breaker, *, other: _Breaker) -> None:
    failures = breaker.count(connection)
    if not failures and getattr(connection, breaker.retry_at) is None:
        return
    last_error = connection.last_error if other.count(connection) else ""
    update_row(connection, **{breaker.failures: 0, breaker.retry_at: None, "last_error": last_error})
    if failures >= FAILING_AFTER:
        _refresh_pages(connection)


def _count_failure(
    connection: Connection, breaker: _Breaker, message: str, retry_after: float | None
) -> None:
    delay = backoff(breaker.count(connection), random.random, longest=MAX_DELAY)
    if retry_after is not None:
        delay = retry_after + min(delay, 1.0)  # Random, so that not all clients return at once.
    retry_at = timezone.now() + timedelta(seconds=delay)
    failures = F(breaker.failures) + 1
    update_row(
        connection, **{breaker.failures: failures, breaker.retry_at: retry_at, "last_error": message[:500]}
    )
    if breaker.count(connection) == FAILING_AFTER:
        _refresh_pages(connection)


def stop(connection: Connection, reason: Connection.StopReason, message: str) -> None:
    """Release nothing to the connection until a check succeeds. Waiting generations stay in the queue.

    Does nothing if the key was changed meanwhile: the hub's answer was about the old one.
    """
    if connection.stop_reason == reason:
        return
    same_key = Connection.objects.filter(pk=connection.pk, key=connection.key)
    same_key.update(stop_reason=reason, stop_message=message[:500], stopped_at=timezone.now())
    connection.refresh_from_db(fields=["stop_reason", "stop_message", "stopped_at"])
    _refresh_pages(connection)


def resume(connection: Connection) -> None:
    """Clear a stop and all failures, and wake the poller."""
    update_row(connection, **HEALTHY)
    _refresh_pages(connection)
    coordination.wake_poller()


def _refresh_pages(connection: Connection) -> None:
    """Bump the version of every namespace with live generations here: its pages show this health."""
    live = Generation.objects.live().filter(connection=connection, namespace=OuterRef("pk"))
    for pk in Namespace.objects.filter(Exists(live)).order_by("pk").values_list("pk", flat=True):
        Namespace.objects.filter(pk=pk).update(version=F("version") + 1)


def set_supports_events(connection: Connection, supported: bool) -> None:
    """Store whether the hub offers a stream of events."""
    if connection.supports_events is not supported:
        update_row(connection, supports_events=supported)


def record_clock_offset(connection: Connection, seconds: float | None) -> None:
    """Store the seconds by which the hub's clock is ahead of ours. None means that it was not measured."""
    known = connection.clock_offset
    if seconds is not None and (known is None or abs(known - seconds) > _CLOCK_NOISE):
        update_row(connection, clock_offset=seconds)
