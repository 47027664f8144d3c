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

PUMP = "pump"
WORK = "work"
#: A pump that has not renewed for this long has lost its lease.
LEASE = timedelta(seconds=6)


def ring() -> None:
    """Tell the pump that there is something to look at.

    Called after the commit of what happened: a lost ring costs one tick's wait, while a lock on the
    lease inside other transactions could make them wait for each other.
    """
    Lease.objects.filter(name=PUMP).update(bells=F("bells") + 1)


def start_pump() -> None:
    """Put a pump task on its queue unless a task already waits there."""
    _start_if_idle("queueapp.tasks.pump", PUMP)


def ask_for_beat() -> bool:
    """Have a rendering worker show that it takes up tasks; False if a task already waits for one."""
    return _start_if_idle("queueapp.tasks.beat", WORK)


def _start_if_idle(task: str, queue: str) -> bool:
    idle: bool = get_broker(queue).queue_size() == 0
    if idle:
        async_task(task, cluster=queue, save=False)
    return idle


def pump_row() -> Lease:
    """The lease's row as it is now, made if it is missing."""
    return Lease.objects.get_or_create(name=PUMP)[0]


def take_lease(holder: str) -> int | None:
    """Become the pump if nobody is: the fence number of this holding, or None."""
    now = timezone.now()
    with transaction.atomic():
        free = Lease.objects.filter(Q(expires_at=None) | Q(expires_at__lt=now), name=PUMP)
        if not free.update(holder=holder, fence=F("fence") + 1, expires_at=now + LEASE):
            return None
        beat(PUMP)
        return Lease.objects.values_list("fence", flat=True).get(name=PUMP)


def renew_lease(fence: int) -> bool:
    """Hold the lease for another while; False if it has gone to somebody else."""
    if not _held(fence).update(expires_at=timezone.now() + LEASE):
        return False
    beat(PUMP)
    return True


def give_up_lease(fence: int) -> bool:
    """Let the next pump begin at once; False if the lease had gone already."""
    return bool(_held(fence).update(expires_at=None, holder=""))


def assert_lease(fence: int) -> bool:
    """Inside a transaction: whether the lease is still held, kept from changing hands until it ends."""
    return bool(_held(fence).update(fence=F("fence")))


def _held(fence: int) -> QuerySet[Lease]:
    return Lease.objects.filter(name=PUMP, fence=fence, expires_at__isnull=False)


def ask_to_stop(asked: bool, *, seconds: float = 30) -> None:
    """Ask every pump on this database to leave, or take that back. The asking lapses by itself."""
    until = timezone.now() + timedelta(seconds=seconds) if asked else None
    Lease.objects.filter(name=PUMP).update(stopping_until=until)


def stopping() -> bool:
    """Whether every pump has been asked to leave."""
    return Lease.objects.filter(name=PUMP, stopping_until__gt=timezone.now()).exists()


def beat(name: str) -> None:
    """Leave a sign of life."""
    Heartbeat.objects.update_or_create(name=name, defaults={"at": timezone.now()})


def last_seen(name: str) -> float | None:
    """Seconds since a part of the worker was last seen at work; None if it never was."""
    at = Heartbeat.objects.filter(name=name).values_list("at", flat=True).first()
    return (timezone.now() - at).total_seconds() if at else None
