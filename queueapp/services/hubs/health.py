"""What the workers find out about a connection: whether it works, and when to try again."""

import random
from collections.abc import Mapping
from datetime import datetime, timedelta

from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django.utils import timezone

from queueapp.models import Connection, Download, Generation, Namespace
from queueapp.services import coordination
from queueapp.upstream.retry import backoff

#: Seconds: the longest wait after calls that came to nothing, unless the hub itself asks for a longer one.
MAX_DELAY = 60.0
#: Calls in a row that come to nothing before people are told: fewer are everyday weather.
FAILING_AFTER = 4
#: What is written of a connection that nothing is known against.
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
STOP_EXPLANATIONS = {
    Connection.StopReason.KEY: "the hub does not accept its key",
    Connection.StopReason.CREDITS: "its account is out of credits",
}


def accepts_calls(connection: Connection, now: datetime) -> bool:
    """Whether the hub may be asked anything now: it is not resting after calls that came to nothing."""
    return connection.retry_at is None or connection.retry_at <= now


def accepts_work(connection: Connection, now: datetime) -> bool:
    """Whether something new may be released to it now."""
    works = connection.enabled and not connection.stop_reason and is_configured(connection)
    rested = connection.submit_after is None or connection.submit_after <= now
    return works and rested and accepts_calls(connection, now)


def waiting_reason(connection: Connection) -> str:
    """Why nothing is released to it, for those whose work waits; empty when nothing is wrong with it."""
    name = f"The connection {connection.name}"
    if not connection.enabled:
        return f"{name} is switched off. What waits for it stays in the queue."
    if connection.stop_reason:
        why = STOP_EXPLANATIONS[Connection.StopReason(connection.stop_reason)]
        failed = (
            " What met this first has failed."
            if connection.stop_reason == Connection.StopReason.CREDITS
            else ""
        )
        return (
            f"{name} is stopped: {why}.{failed} "
            "What waits for it stays in the queue until an admin has seen to it."
        )
    if not is_configured(connection):
        return f"{name} cannot be used yet, so nothing is sent to it: an admin has to see to it."
    if max(connection.consecutive_failures, connection.submit_failures) >= FAILING_AFTER:
        return f"{name} is in trouble and is tried again and again: {connection.last_error}"
    return ""


def last_submit_error(connection: Connection) -> str:
    """What the last try to send to it met, for those whose work waits; empty when it went well."""
    if not (connection.consecutive_failures or connection.submit_failures):
        return ""
    return (
        f"The connection {connection.name} could not take it yet and is tried again: {connection.last_error}"
    )


def same_account(connection: Connection) -> QuerySet[Connection]:
    """The row, as long as it means the same account at the same address."""
    return Connection.objects.filter(
        pk=connection.pk,
        base_url=connection.base_url,
        key=connection.key,
        namespace=connection.namespace,
    )


def is_configured(connection: Connection) -> bool:
    """Whether it is known how to speak to it: the revision and, for a classic hub, the namespace."""
    if connection.kind == Connection.Kind.BUILTIN:
        return True
    if connection.revision == Connection.Revision.CLASSIC:
        return bool(connection.namespace)
    return bool(connection.revision)


def count_unfinished(connection: Connection) -> tuple[int, int]:
    """How many generations the hub has at work, and how many results are still to be fetched there."""
    going = Generation.objects.in_flight().filter(connection=connection)
    coming = Download.objects.filter(connection=connection, next_attempt_at__isnull=False)
    return going.count(), coming.count()


def stopped_connections() -> QuerySet[Connection]:
    """The connections that somebody has to see to before they work again."""
    return Connection.objects.filter(enabled=True).exclude(stop_reason="")


def connections_with_work() -> QuerySet[Connection]:
    """The connections that have generations to see to, the highest priority first."""
    live = Generation.objects.live().filter(connection=OuterRef("pk"))
    costs = Generation.objects.filter(connection=OuterRef("pk"), cost_check_at__lte=timezone.now())
    return Connection.objects.filter(Q(Exists(live)) | Q(Exists(costs))).order_by("-priority", "pk")


def set_supports_events(connection: Connection, does: bool) -> None:
    """Remember whether the hub has a stream of events."""
    if connection.supports_events is not does:
        _update(connection, supports_events=does)


def record_success(connection: Connection) -> None:
    """A question was answered as it should be: whatever came before is over."""
    if connection.consecutive_failures or connection.retry_at:
        kept = connection.last_error if connection.submit_failures else ""
        troubled = connection.consecutive_failures >= FAILING_AFTER
        _update(connection, consecutive_failures=0, retry_at=None, last_error=kept)
        if troubled:
            _bump_waiting_namespaces(connection)


def record_failure(connection: Connection, words: str, retry_after: float | None = None) -> None:
    """A call came to nothing: ask the hub nothing for a while, longer each time.

    `retry_after` is the wait in seconds that the hub asked for.
    """
    until = _retry_time(connection.consecutive_failures, retry_after)
    _update(
        connection, consecutive_failures=F("consecutive_failures") + 1, retry_at=until, last_error=words[:500]
    )
    if connection.consecutive_failures == FAILING_AFTER:
        _bump_waiting_namespaces(connection)


def record_submit_success(connection: Connection) -> None:
    """An enqueue was answered, if only by a refusal."""
    if connection.submit_failures or connection.submit_after:
        troubled = connection.submit_failures >= FAILING_AFTER
        _update(connection, submit_failures=0, submit_after=None, last_error="")
        if troubled:
            _bump_waiting_namespaces(connection)


def record_submit_failure(connection: Connection, words: str, retry_after: float | None = None) -> None:
    """An enqueue came to nothing: send nothing for a while. What is at work is looked at all the same."""
    until = _retry_time(connection.submit_failures, retry_after)
    _update(connection, submit_failures=F("submit_failures") + 1, submit_after=until, last_error=words[:500])
    if connection.submit_failures == FAILING_AFTER:
        _bump_waiting_namespaces(connection)


def _retry_time(failures: int, retry_after: float | None) -> datetime:
    wait = backoff(failures, random.random, longest=MAX_DELAY)
    if retry_after is not None:
        wait = retry_after + min(wait, 1.0)
    return timezone.now() + timedelta(seconds=wait)


def _bump_waiting_namespaces(connection: Connection) -> None:
    """What pages say of it has changed: those of everybody who has something live there ask anew."""
    live = Generation.objects.live().filter(connection=connection, namespace=OuterRef("pk"))
    for pk in Namespace.objects.filter(Exists(live)).order_by("pk").values_list("pk", flat=True):
        Namespace.objects.filter(pk=pk).update(version=F("version") + 1)


def stop(connection: Connection, why: Connection.StopReason, words: str) -> None:
    """Release nothing more to it until a check succeeds; what waits stays in the queue.

    Nothing happens where another key was set meanwhile: the answer was not about that one.
    """
    if connection.stop_reason != why:
        same = Connection.objects.filter(pk=connection.pk, key=connection.key)
        same.update(stop_reason=why, stop_message=words[:500], stopped_at=timezone.now())
        connection.refresh_from_db(fields=["stop_reason", "stop_message", "stopped_at"])
        _bump_waiting_namespaces(connection)


def resume(connection: Connection) -> None:
    """Take up a stopped connection again."""
    _update(connection, **HEALTHY)
    _bump_waiting_namespaces(connection)
    coordination.wake_poller()


def record_clock_offset(connection: Connection, ahead: float | None) -> None:
    """Remember by how many seconds the hub's clock is ahead of ours, where it changed by more than noise."""
    known = connection.clock_offset
    if ahead is not None and (known is None or abs(known - ahead) > 1.0):
        _update(connection, clock_offset=ahead)


def _update(connection: Connection, **fields: object) -> None:
    """Write to the row, and let the copy at hand say the same."""
    Connection.objects.filter(pk=connection.pk).update(**fields)
    connection.refresh_from_db(fields=list(fields))
