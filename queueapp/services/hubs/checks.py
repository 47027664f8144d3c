"""Request checks of hub accounts. A worker runs them: see `jobs/check_hub.py`."""

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import F, Q, QuerySet
from django.utils import timezone
from django_q.tasks import async_task

from queueapp.models import Connection
from queueapp.services import coordination
from queueapp.services.hubs import health

#: A requested check without an answer for this long is requested again.
CHECK_TIMEOUT = timedelta(minutes=1)
#: A check was requested and has not been answered.
_PENDING = Q(check_requested_at__isnull=False) & (
    Q(checked_at=None) | Q(checked_at__lt=F("check_requested_at"))
)


def request_check(connection: Connection) -> None:
    """Have a worker check the hub soon. Does nothing while another requested check runs."""
    now = timezone.now()
    none_running = ~_PENDING | Q(check_requested_at__lt=now - CHECK_TIMEOUT)
    if Connection.objects.filter(none_running, pk=connection.pk).update(check_requested_at=now):
        connection.check_requested_at = now
        transaction.on_commit(lambda: enqueue_check(connection.pk), robust=True)


def mark_check_requested(connection: Connection) -> None:
    """Record that a person requested the check that the caller is about to run."""
    Connection.objects.filter(pk=connection.pk).update(check_requested_at=timezone.now())


def enqueue_check(connection_id: int) -> None:
    """Enqueue the task that checks a hub."""
    async_task("queueapp.tasks.check_hub", connection_id, cluster=coordination.JOBS, save=False)


def is_check_pending(connection: Connection) -> bool:
    """Return whether a requested check has not been answered."""
    requested, checked = connection.check_requested_at, connection.checked_at
    return requested is not None and (checked is None or checked < requested)


def is_check_running(connection: Connection, now: datetime) -> bool:
    """Return whether a check is pending that was requested less than CHECK_TIMEOUT ago."""
    requested = connection.check_requested_at
    return is_check_pending(connection) and requested is not None and requested > now - CHECK_TIMEOUT


def due_checks(now: datetime) -> QuerySet[Connection]:
    """Return the hubs to check: requested but unanswered, not yet known, stopped or failing."""
    timed_out = Q(check_requested_at__lt=now - CHECK_TIMEOUT) & _PENDING
    failing = Q(consecutive_failures__gte=health.FAILING_AFTER) | Q(submit_failures__gte=health.FAILING_AFTER)
    needs_check = Q(revision="") | failing | ~Q(stop_reason="")
    hubs = Connection.objects.filter(kind=Connection.Kind.UPSTREAM)
    return hubs.filter(timed_out | Q(enabled=True) & needs_check)
