"""Whether hub accounts work: asking for checks, and keeping what they found out."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import F, Q, QuerySet
from django.utils import timezone
from django_q.tasks import async_task

from queueapp.models import Connection
from queueapp.services import connections, workers
from queueapp.services.places import at, place_of
from queueapp.upstream import Probe

#: The revisions, the oldest first.
_AGES = [revision.value for revision in Connection.Revision]
#: A check that was asked for and not answered for this long is asked for anew.
PATIENCE = timedelta(minutes=1)


def ask_for_check(connection: Connection) -> None:
    """Have a worker ask the hub who it is, soon. Asking again while an answer is awaited changes nothing."""
    now = timezone.now()
    answered = Q(check_asked_at=None) | Q(checked_at__gte=F("check_asked_at"))
    unheard = Q(check_asked_at__lt=now - PATIENCE)
    asked = Connection.objects.filter(answered | unheard, pk=connection.pk)
    if asked.update(check_asked_at=now):
        connection.check_asked_at = now
        transaction.on_commit(lambda: ring_for_check(connection.pk), robust=True)


def await_check(connection: Connection) -> None:
    """Note that a person waits for the answer of a check that is about to begin."""
    Connection.objects.filter(pk=connection.pk).update(check_asked_at=timezone.now())


def ring_for_check(connection_id: int) -> None:
    """A bell for a worker: ask this hub who it is."""
    async_task("queueapp.tasks.check", connection_id, cluster=workers.WORK, save=False)


def is_awaited(connection: Connection) -> bool:
    """Whether a person waits for the answer of a check."""
    asked, checked = connection.check_asked_at, connection.checked_at
    return asked is not None and (checked is None or checked < asked)


def answer_is_near(connection: Connection, now: datetime) -> bool:
    """Whether a check was asked for just now and is not answered yet."""
    asked = connection.check_asked_at
    return is_awaited(connection) and asked is not None and asked > now - PATIENCE


def words(connection: Connection, now: datetime) -> str:
    """How a connection does, for the people who run Drover."""
    if not connection.enabled:
        return "Off"
    if is_awaited(connection):
        return _waiting_words(connection, now)
    if connection.stopped:
        since = (
            f" (since {timezone.localtime(connection.stopped_at):%H:%M:%S})" if connection.stopped_at else ""
        )
        said = f": “{connection.stopped_text}”" if connection.stopped_text else ""
        return f"{connection.get_stopped_display()}{said}{since}"
    if connection.kind == Connection.Kind.UPSTREAM and not connections.is_known(connection):
        if not connection.checked_at:
            return "Not checked yet"
        return f"Cannot be used yet: {connection.check_text.partition(chr(10))[0]}"
    rests = [until for until in (connection.retry_at, connection.send_after) if until and until > now]
    if rests:
        return f"Resting until {timezone.localtime(max(rests)):%H:%M:%S}: {connection.trouble}"
    return "Works"


def _waiting_words(connection: Connection, now: datetime) -> str:
    if answer_is_near(connection, now):
        return "Checking…"
    return "Check asked for, and not answered: does the worker run?"


def due_for_check(now: datetime) -> QuerySet[Connection]:
    """The hubs to ask who they are: unanswered although asked for, not known yet, stopped, or in trouble."""
    unanswered = Q(check_asked_at__isnull=False) & (
        Q(checked_at=None) | Q(checked_at__lt=F("check_asked_at"))
    )
    failing = Q(failures__gte=connections.TROUBLED) | Q(send_failures__gte=connections.TROUBLED)
    in_trouble = Q(revision="") | failing | ~Q(stopped="")
    hubs = Connection.objects.filter(kind=Connection.Kind.UPSTREAM)
    return hubs.filter(Q(check_asked_at__lt=now - PATIENCE) & unanswered | Q(enabled=True) & in_trouble)


def record_check(connection: Connection, probe: Probe, began: datetime) -> bool:
    """Keep what a check found that began then, and stop the connection or take it up; whether it can be used.

    What was found out about an account or an address that has been changed meanwhile is thrown away.
    """
    awaited = is_awaited(connection)
    known = {**_known_by(connection, probe, awaited), "checked_at": began}
    if not connections.the_same(connection).update(**known):
        return False
    connection.refresh_from_db()
    connections.clock_is(connection, probe.clock_difference)
    if probe.key_accepted is False:
        connections.stop(connection, Connection.Stop.KEY, probe.trouble)
    elif known["check_ok"] and _may_resume(connection, probe, awaited):
        connections.resume(connection)
    return bool(known["check_ok"])


def _known_by(connection: Connection, probe: Probe, awaited: bool) -> dict[str, Any]:
    revision, doubts = _revision_by(connection, probe, awaited)
    namespace = connection.namespace or (probe.namespace or "")[:150]
    speaks = connections.is_known(Connection(revision=revision, namespace=namespace))
    words = (*probe.words(), *doubts, *_other_words(connection, namespace))
    known: dict[str, Any] = {"check_text": "\n".join(words), "check_ok": probe.usable and speaks}
    known |= {"revision": revision, "namespace": namespace}
    if probe.usable and connection.has_events is not True:
        known["has_events"] = None  # To be tried again.
    return known


def _revision_by(connection: Connection, probe: Probe, awaited: bool) -> tuple[str, tuple[str, ...]]:
    """The revision that is to count, and what speaks against the one that was found.

    A proxy's page in the place of one answer makes a hub look like one of an older revision, which tells
    less: that is believed only when a person asks, and when nothing waits for what a newer one tells.
    """
    if probe.namespace_trouble:
        return connection.revision, ()  # Known, and sent to, only once it takes the namespace, too.
    found, known = str(probe.revision or connection.revision), connection.revision
    if not known or _AGES.index(found) >= _AGES.index(known):
        return found, ()
    if awaited and not any(connections.unfinished(connection)):
        return found, ()
    why = "something is unfinished there" if awaited else "nobody has pressed “Check”"
    return known, (f"It was known as a hub of the {known} revision and is still taken for one: {why}.",)


def _other_words(connection: Connection, namespace: str) -> Iterator[str]:
    """Every other connection that leads to the same place, and what that means."""
    for other in at(place_of(connection)._replace(namespace=namespace)) if namespace else ():
        if other.pk != connection.pk:
            yield f"The connection {other.name} leads to the same namespace: their capacities add up there."


def _may_resume(connection: Connection, probe: Probe, awaited: bool) -> bool:
    """Whether a check that went well lifts what stopped the connection.

    A key is accepted long before it can pay: for want of credits a check by itself needs to be told of
    some. A person who asks is taken to have topped the account up, unless the hub tells otherwise.
    """
    if connection.stopped == Connection.Stop.CREDITS:
        return awaited if probe.balance is None else probe.balance > 0
    return awaited or probe.key_accepted is True


def record_unreadable(connection: Connection, words: str, began: datetime) -> None:
    """The key that is kept for it cannot be read or sent: the check says so, and nothing is released."""
    if connections.the_same(connection).update(checked_at=began, check_ok=False, check_text=words):
        connections.stop(connection, Connection.Stop.KEY, words)
