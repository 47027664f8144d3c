"""Signs between the processes: the pump's lease and bell, signs of life, requests to stop."""

import logging
from datetime import timedelta

from django.db import transaction
from django.db.models import F, Q, QuerySet
from django.utils import timezone
from django_q.brokers import get_broker
from django_q.tasks import async_task

from queueapp.models import Heartbeat, Lease

log = logging.getLogger(__name__)

POLLER = "poller"
JOBS = "jobs"
#: A pump that has not renewed for this long has lost its lease.
LEASE_DURATION = timedelta(seconds=6)


def wake_poller() -> None:
    """Tell the pump that there is something to look at.

    Called after the commit of what happened: a lost ring costs one tick's wait, while a lock on the
    lease inside other transactions could make them wait for each other.
    """
    Lease.objects.filter(name=POLLER).update(wakeups=F("wakeups") + 1)


def start_poller() -> None:
    """Put a pump task on its queue unless a task already waits there."""
    _enqueue_if_idle("queueapp.tasks.run_poller", POLLER)


def request_heartbeat() -> bool:
    """Have a rendering worker show that it takes up tasks; False if a task already waits for one."""
    return _enqueue_if_idle("queueapp.tasks.send_heartbeat", JOBS)


def _enqueue_if_idle(task: str, queue: str) -> bool:
    idle: bool = get_broker(queue).queue_size() == 0
    if idle:
        async_task(task, cluster=queue, save=False)
    return idle


def poller_lease() -> Lease:
    """The lease's row as it is now, made if it is missing."""
    return Lease.objects.get_or_create(name=POLLER)[0]


def acquire_lease(holder: str) -> int | None:
    """Become the pump if nobody is: the fence number of this holding, or None."""
    now = timezone.now()
    with transaction.atomic():
        free = Lease.objects.filter(Q(expires_at=None) | Q(expires_at__lt=now), name=POLLER)
        if not free.update(holder=holder, fence=F("fence") + 1, expires_at=now + LEASE_DURATION):
            return None
        record_heartbeat(POLLER)
        return Lease.objects.values_list("fence", flat=True).get(name=POLLER)


def renew_lease(fence: int) -> bool:
    """Hold the lease for another while; False if it has gone to somebody else."""
    if not _held_lease(fence).update(expires_at=timezone.now() + LEASE_DURATION):
        return False
    record_heartbeat(POLLER)
    return True


def release_lease(fence: int) -> bool:
    """Let the next pump begin at once; False if the lease had gone already."""
    return bool(_held_lease(fence).update(expires_at=None, holder=""))


def confirm_lease(fence: int) -> bool:
    """Inside a transaction: whether the lease is still held, kept from changing hands until it ends."""
    return bool(_held_lease(fence).update(fence=F("fence")))


def _held_lease(fence: int) -> QuerySet[Lease]:
    return Lease.objects.filter(name=POLLER, fence=fence, expires_at__isnull=False)


def request_stop(asked: bool, *, seconds: float = 30) -> None:
    """Ask every pump on this database to leave, or take that back. The asking lapses by itself."""
    until = timezone.now() + timedelta(seconds=seconds) if asked else None
    Lease.objects.filter(name=POLLER).update(stop_requested_until=until)


def is_stop_requested() -> bool:
    """Whether every pump has been asked to leave."""
    return Lease.objects.filter(name=POLLER, stop_requested_until__gt=timezone.now()).exists()


def record_heartbeat(name: str) -> None:
    """Leave a sign of life."""
    Heartbeat.objects.update_or_create(name=name, defaults={"at": timezone.now()})


def seconds_since_heartbeat(name: str) -> float | None:
    """Seconds since a part of the worker was last seen at work; None if it never was."""
    at = Heartbeat.objects.filter(name=name).values_list("at", flat=True).first()
    return (timezone.now() - at).total_seconds() if at else None
