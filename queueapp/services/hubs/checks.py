"""Whether hub accounts work: asking for checks, and keeping what they found out."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.db.models import F, Q, QuerySet
from django.utils import timezone
from django_q.tasks import async_task

from queueapp.models import Connection
from queueapp.services import coordination
from queueapp.services.hubs import health
from queueapp.services.hubs.namespaces import connections_to, get_hub_namespace

if TYPE_CHECKING:
    from queueapp.upstream.probe_report import Probe

#: The revisions, the oldest first.
_REVISIONS = [revision.value for revision in Connection.Revision]
#: A check that was asked for and not answered for this long is asked for anew.
CHECK_TIMEOUT = timedelta(minutes=1)


def request_check(connection: Connection) -> None:
    """Have a worker ask the hub who it is, soon. Asking again while an answer is awaited changes nothing."""
    now = timezone.now()
    answered = Q(check_requested_at=None) | Q(checked_at__gte=F("check_requested_at"))
    unheard = Q(check_requested_at__lt=now - CHECK_TIMEOUT)
    asked = Connection.objects.filter(answered | unheard, pk=connection.pk)
    if asked.update(check_requested_at=now):
        connection.check_requested_at = now
        transaction.on_commit(lambda: enqueue_check(connection.pk), robust=True)


def mark_check_requested(connection: Connection) -> None:
    """Note that a person waits for the answer of a check that is about to begin."""
    Connection.objects.filter(pk=connection.pk).update(check_requested_at=timezone.now())


def enqueue_check(connection_id: int) -> None:
    """A bell for a worker: ask this hub who it is."""
    async_task("queueapp.tasks.check_hub", connection_id, cluster=coordination.JOBS, save=False)


def is_check_pending(connection: Connection) -> bool:
    """Whether a person waits for the answer of a check."""
    asked, checked = connection.check_requested_at, connection.checked_at
    return asked is not None and (checked is None or checked < asked)


def is_check_running(connection: Connection, now: datetime) -> bool:
    """Whether a check was asked for just now and is not answered yet."""
    asked = connection.check_requested_at
    return is_check_pending(connection) and asked is not None and asked > now - CHECK_TIMEOUT


def describe_status(connection: Connection, now: datetime) -> str:
    """How a connection does, for the people who run Drover."""
    if not connection.enabled:
        return "Off"
    if is_check_pending(connection):
        return _pending_status(connection, now)
    if connection.stop_reason:
        since = (
            f" (since {timezone.localtime(connection.stopped_at):%H:%M:%S})" if connection.stopped_at else ""
        )
        said = f": “{connection.stop_message}”" if connection.stop_message else ""
        return f"{connection.get_stop_reason_display()}{said}{since}"
    if connection.kind == Connection.Kind.UPSTREAM and not health.is_configured(connection):
        if not connection.checked_at:
            return "Not checked yet"
        return f"Cannot be used yet: {connection.check_report.partition(chr(10))[0]}"
    rests = [until for until in (connection.retry_at, connection.submit_after) if until and until > now]
    if rests:
        return f"Resting until {timezone.localtime(max(rests)):%H:%M:%S}: {connection.last_error}"
    return "Works"


def _pending_status(connection: Connection, now: datetime) -> str:
    if is_check_running(connection, now):
        return "Checking…"
    return "Check asked for, and not answered: does the worker run?"


def due_checks(now: datetime) -> QuerySet[Connection]:
    """The hubs to ask who they are: unanswered although asked for, not known yet, stopped, or in trouble."""
    unanswered = Q(check_requested_at__isnull=False) & (
        Q(checked_at=None) | Q(checked_at__lt=F("check_requested_at"))
    )
    failing = Q(consecutive_failures__gte=health.FAILING_AFTER) | Q(submit_failures__gte=health.FAILING_AFTER)
    in_trouble = Q(revision="") | failing | ~Q(stop_reason="")
    hubs = Connection.objects.filter(kind=Connection.Kind.UPSTREAM)
    return hubs.filter(
        Q(check_requested_at__lt=now - CHECK_TIMEOUT) & unanswered | Q(enabled=True) & in_trouble
    )


def record_check(connection: Connection, probe: "Probe", began: datetime) -> bool:
    """Keep what a check found that began then, and stop the connection or take it up; whether it can be used.

    What was found out about an account or an address that has been changed meanwhile is thrown away.
    """
    awaited = is_check_pending(connection)
    known = {**_check_fields(connection, probe, awaited), "checked_at": began}
    if not health.same_account(connection).update(**known):
        return False
    connection.refresh_from_db()
    health.record_clock_offset(connection, probe.clock_offset)
    if probe.key_accepted is False:
        health.stop(connection, Connection.StopReason.KEY, probe.error)
    elif known["check_ok"] and _may_resume(connection, probe, awaited):
        health.resume(connection)
    return bool(known["check_ok"])


def _check_fields(connection: Connection, probe: "Probe", awaited: bool) -> dict[str, Any]:
    revision, doubts = _choose_revision(connection, probe, awaited)
    namespace = connection.namespace or (probe.namespace or "")[:150]
    speaks = health.is_configured(Connection(revision=revision, namespace=namespace))
    words = (*probe.report_lines(), *doubts, *_shared_namespace_warnings(connection, namespace))
    known: dict[str, Any] = {"check_report": "\n".join(words), "check_ok": probe.usable and speaks}
    known |= {"revision": revision, "namespace": namespace}
    if probe.usable and connection.supports_events is not True:
        known["supports_events"] = None  # To be tried again.
    return known


def _choose_revision(connection: Connection, probe: "Probe", awaited: bool) -> tuple[str, tuple[str, ...]]:
    """The revision that is to count, and what speaks against the one that was found.

    A proxy's page in the place of one answer makes a hub look like one of an older revision, which tells
    less: that is believed only when a person asks, and when nothing waits for what a newer one tells.
    """
    if probe.namespace_error:
        return connection.revision, ()  # Known, and sent to, only once it takes the namespace, too.
    found, known = str(probe.revision or connection.revision), connection.revision
    if not known or _REVISIONS.index(found) >= _REVISIONS.index(known):
        return found, ()
    if awaited and not any(health.count_unfinished(connection)):
        return found, ()
    why = "something is unfinished there" if awaited else "nobody has pressed “Check”"
    return known, (f"It was known as a hub of the {known} revision and is still taken for one: {why}.",)


def _shared_namespace_warnings(connection: Connection, namespace: str) -> Iterator[str]:
    """Every other connection that leads to the same place, and what that means."""
    for other in (
        connections_to(get_hub_namespace(connection)._replace(namespace=namespace)) if namespace else ()
    ):
        if other.pk != connection.pk:
            yield f"The connection {other.name} leads to the same namespace: their capacities add up there."


def _may_resume(connection: Connection, probe: "Probe", awaited: bool) -> bool:
    """Whether a check that went well lifts what stopped the connection.

    A key is accepted long before it can pay: for want of credits a check by itself needs to be told of
    some. A person who asks is taken to have topped the account up, unless the hub tells otherwise.
    """
    if connection.stop_reason == Connection.StopReason.CREDITS:
        return awaited if probe.balance is None else probe.balance > 0
    return awaited or probe.key_accepted is True


def record_unreadable_key(connection: Connection, words: str, began: datetime) -> None:
    """The key that is kept for it cannot be read or sent: the check says so, and nothing is released."""
    if health.same_account(connection).update(checked_at=began, check_ok=False, check_report=words):
        health.stop(connection, Connection.StopReason.KEY, words)
