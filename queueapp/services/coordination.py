"""Coordinate the processes: the poller's lease and wake-ups, heartbeats, and requests to stop."""

from datetime import timedelta

from django.db import transaction
from django.db.models import F, Q, QuerySet
from django.utils import timezone
from django_q.brokers import get_broker
from django_q.tasks import async_task

from queueapp.models import Heartbeat, Lease

#: Names of the django-q2 clusters. Their heartbeats have the same names.
POLLER = "poller"
JOBS = "jobs"
#: A poller that has not renewed its lease for this long has lost it.
LEASE_DURATION = timedelta(seconds=6)


def wake_poller() -> None:
    """Make the poller tick at once instead of at its next interval.

    Call it after the commit of the change, with `transaction.on_commit`. Inside other transactions the lock
    on the lease's row could cause deadlocks. A lost wake-up delays the poller by one interval at most.
    """
    Lease.objects.filter(name=POLLER).update(wakeups=F("wakeups") + 1)


def start_poller() -> None:
    """Enqueue a task that runs the poller, unless one is waiting already."""
    _enqueue_if_idle("queueapp.tasks.run_poller", POLLER)


def request_heartbeat() -> bool:
    """Enqueue a task that records a heartbeat of the job workers; return False if any task is waiting."""
    return _enqueue_if_idle("queueapp.tasks.send_heartbeat", JOBS)


def _enqueue_if_idle(task: str, queue: str) -> bool:
    idle: bool = get_broker(queue).queue_size() == 0
    if idle:
        async_task(task, cluster=queue, save=False)
    return idle


def poller_lease() -> Lease:
    """Return the current row of the lease, and create it if it is missing."""
    return Lease.objects.get_or_create(name=POLLER)[0]


def acquire_lease(holder: str) -> int | None:
    """Acquire the poller's lease and return its new fence; None if another process holds it."""
    now = timezone.now()
    with transaction.atomic():
        free = Lease.objects.filter(Q(expires_at=None) | Q(expires_at__lt=now), name=POLLER)
        if not free.update(holder=holder, fence=F("fence") + 1, expires_at=now + LEASE_DURATION):
            return None
        record_heartbeat(POLLER)
        return Lease.objects.values_list("fence", flat=True).get(name=POLLER)


def renew_lease(fence: int) -> bool:
    """Extend the lease and record a heartbeat; return False if the lease is lost."""
    if not _held_lease(fence).update(expires_at=timezone.now() + LEASE_DURATION):
        return False
    record_heartbeat(POLLER)
    return True


def release_lease(fence: int) -> bool:
    """Release the lease, so that another poller can start at once; return False if it was lost already."""
    return bool(_held_lease(fence).update(expires_at=None, holder=""))


def confirm_lease(fence: int) -> bool:
    """Return whether the lease is held, and lock its row until the caller's transaction ends.

    While it is locked, no other poller can acquire the lease.
    """
    return bool(_held_lease(fence).update(fence=F("fence")))


def _held_lease(fence: int) -> QuerySet[Lease]:
    return Lease.objects.filter(name=POLLER, fence=fence, expires_at__isnull=False)


def request_stop(stop: bool, *, seconds: float = 30) -> None:
    """Ask every poller of this database to stop for `seconds`, or withdraw the request."""
    until = timezone.now() + timedelta(seconds=seconds) if stop else None
    Lease.objects.filter(name=POLLER).update(stop_requested_until=until)


def is_stop_requested() -> bool:
    """Return whether every poller has been asked to stop."""
    return Lease.objects.filter(name=POLLER, stop_requested_until__gt=timezone.now()).exists()


def record_heartbeat(name: str) -> None:
    """Record that a part of the worker is running."""
    Heartbeat.objects.update_or_create(name=name, defaults={"at": timezone.now()})


def seconds_since_heartbeat(name: str) -> float | None:
    """Return the seconds since the last heartbeat of a part of the worker; None if there was none."""
    at = Heartbeat.objects.filter(name=name).values_list("at", flat=True).first()
    return (timezone.now() - at).total_seconds() if at else None
