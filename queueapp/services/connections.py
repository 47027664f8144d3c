"""What the workers find out about a connection: whether it works, and when to try again."""

import random
from collections.abc import Mapping
from datetime import datetime, timedelta

from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django.utils import timezone

from queueapp.models import Connection, Download, Generation, Namespace
from queueapp.services import workers
from queueapp.upstream import backoff

#: Seconds: the longest wait after calls that came to nothing, unless the hub itself asks for a longer one.
LONGEST_WAIT = 60.0
#: Calls in a row that come to nothing before people are told: fewer are everyday weather.
TROUBLED = 4
#: What is written of a connection that nothing is known against.
NO_TROUBLE: Mapping[str, object] = {
    "stopped": "",
    "stopped_text": "",
    "stopped_at": None,
    "failures": 0,
    "retry_at": None,
    "send_failures": 0,
    "send_after": None,
    "trouble": "",
}
WHY_STOPPED = {
    Connection.Stop.KEY: "the hub does not accept its key",
    Connection.Stop.CREDITS: "its account is out of credits",
}


def takes_calls(connection: Connection, now: datetime) -> bool:
    """Whether the hub may be asked anything now: it is not resting after calls that came to nothing."""
    return connection.retry_at is None or connection.retry_at <= now


def takes_work(connection: Connection, now: datetime) -> bool:
    """Whether something new may be released to it now."""
    works = connection.enabled and not connection.stopped and is_known(connection)
    rested = connection.send_after is None or connection.send_after <= now
    return works and rested and takes_calls(connection, now)


def why_waiting(connection: Connection) -> str:
    """Why nothing is released to it, for those whose work waits; empty when nothing is wrong with it."""
    name = f"The connection {connection.name}"
    if not connection.enabled:
        return f"{name} is switched off. What waits for it stays in the queue."
    if connection.stopped:
        why = WHY_STOPPED[Connection.Stop(connection.stopped)]
        failed = " What met this first has failed." if connection.stopped == Connection.Stop.CREDITS else ""
        return (
            f"{name} is stopped: {why}.{failed} "
            "What waits for it stays in the queue until an admin has seen to it."
        )
    if not is_known(connection):
        return f"{name} cannot be used yet, so nothing is sent to it: an admin has to see to it."
    if max(connection.failures, connection.send_failures) >= TROUBLED:
        return f"{name} is in trouble and is tried again and again: {connection.trouble}"
    return ""


def last_refusal(connection: Connection) -> str:
    """What the last try to send to it met, for those whose work waits; empty when it went well."""
    if not (connection.failures or connection.send_failures):
        return ""
    return f"The connection {connection.name} could not take it yet and is tried again: {connection.trouble}"


def the_same(connection: Connection) -> QuerySet[Connection]:
    """The row, as long as it means the same account at the same address."""
    return Connection.objects.filter(
        pk=connection.pk,
        base_url=connection.base_url,
        key=connection.key,
        namespace=connection.namespace,
    )


def is_known(connection: Connection) -> bool:
    """Whether it is known how to speak to it: the revision and, for a classic hub, the namespace."""
    if connection.kind == Connection.Kind.BUILTIN:
        return True
    if connection.revision == Connection.Revision.CLASSIC:
        return bool(connection.namespace)
    return bool(connection.revision)


def unfinished(connection: Connection) -> tuple[int, int]:
    """How many generations the hub has at work, and how many results are still to be fetched there."""
    going = Generation.objects.at_work().filter(connection=connection)
    coming = Download.objects.filter(connection=connection, next_try_at__isnull=False)
    return going.count(), coming.count()


def stopped() -> QuerySet[Connection]:
    """The connections that somebody has to see to before they work again."""
    return Connection.objects.filter(enabled=True).exclude(stopped="")


def with_something_to_do() -> QuerySet[Connection]:
    """The connections that have generations to see to, the highest priority first."""
    live = Generation.objects.live().filter(connection=OuterRef("pk"))
    costs = Generation.objects.filter(connection=OuterRef("pk"), cost_check_at__lte=timezone.now())
    return Connection.objects.filter(Q(Exists(live)) | Q(Exists(costs))).order_by("-priority", "pk")


def tells_events(connection: Connection, does: bool) -> None:
    """Remember whether the hub has a stream of events."""
    if connection.has_events is not does:
        _write(connection, has_events=does)


def went_well(connection: Connection) -> None:
    """A question was answered as it should be: whatever came before is over."""
    if connection.failures or connection.retry_at:
        kept = connection.trouble if connection.send_failures else ""
        troubled = connection.failures >= TROUBLED
        _write(connection, failures=0, retry_at=None, trouble=kept)
        if troubled:
            _tell_who_waits(connection)


def went_badly(connection: Connection, words: str, retry_after: float | None = None) -> None:
    """A call came to nothing: ask the hub nothing for a while, longer each time.

    `retry_after` is the wait in seconds that the hub asked for.
    """
    until = _rest(connection.failures, retry_after)
    _write(connection, failures=F("failures") + 1, retry_at=until, trouble=words[:500])
    if connection.failures == TROUBLED:
        _tell_who_waits(connection)


def sent_well(connection: Connection) -> None:
    """An enqueue was answered, if only by a refusal."""
    if connection.send_failures or connection.send_after:
        troubled = connection.send_failures >= TROUBLED
        _write(connection, send_failures=0, send_after=None, trouble="")
        if troubled:
            _tell_who_waits(connection)


def sent_badly(connection: Connection, words: str, retry_after: float | None = None) -> None:
    """An enqueue came to nothing: send nothing for a while. What is at work is looked at all the same."""
    until = _rest(connection.send_failures, retry_after)
    _write(connection, send_failures=F("send_failures") + 1, send_after=until, trouble=words[:500])
    if connection.send_failures == TROUBLED:
        _tell_who_waits(connection)


def _rest(failures: int, retry_after: float | None) -> datetime:
    wait = backoff(failures, random.random, longest=LONGEST_WAIT)
    if retry_after is not None:
        wait = retry_after + min(wait, 1.0)
    return timezone.now() + timedelta(seconds=wait)


def _tell_who_waits(connection: Connection) -> None:
    """What pages say of it has changed: those of everybody who has something live there ask anew."""
    live = Generation.objects.live().filter(connection=connection, namespace=OuterRef("pk"))
    for pk in Namespace.objects.filter(Exists(live)).order_by("pk").values_list("pk", flat=True):
        Namespace.objects.filter(pk=pk).update(version=F("version") + 1)


def stop(connection: Connection, why: Connection.Stop, words: str) -> None:
    """Release nothing more to it until a check succeeds; what waits stays in the queue.

    Nothing happens where another key was set meanwhile: the answer was not about that one.
    """
    if connection.stopped != why:
        same = Connection.objects.filter(pk=connection.pk, key=connection.key)
        same.update(stopped=why, stopped_text=words[:500], stopped_at=timezone.now())
        connection.refresh_from_db(fields=["stopped", "stopped_text", "stopped_at"])
        _tell_who_waits(connection)


def resume(connection: Connection) -> None:
    """Take up a stopped connection again."""
    _write(connection, **NO_TROUBLE)
    _tell_who_waits(connection)
    workers.ring()


def clock_is(connection: Connection, ahead: float | None) -> None:
    """Remember by how many seconds the hub's clock is ahead of ours, where it changed by more than noise."""
    known = connection.clock_ahead
    if ahead is not None and (known is None or abs(known - ahead) > 1.0):
        _write(connection, clock_ahead=ahead)


def _write(connection: Connection, **fields: object) -> None:
    """Write to the row, and let the copy at hand say the same."""
    Connection.objects.filter(pk=connection.pk).update(**fields)
    connection.refresh_from_db(fields=list(fields))
