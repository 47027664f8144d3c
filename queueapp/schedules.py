"""When tasks start by themselves: with each worker of the pump's cluster, and from a watchdog."""

from typing import Any

from django_q.conf import Conf
from django_q.models import Schedule
from django_q.signals import post_spawn
from django_q.tasks import async_task

from queueapp.services import workers

WATCHDOG = "Drover: watch the pump"
HUBS = "Drover: look after the hubs"
SWEEP = "Drover: remove what nobody needs"


def connect() -> None:
    """Start a pump with each of the pump cluster's workers."""
    post_spawn.connect(_start_pump, dispatch_uid="drover-start-pump")


def ensure() -> None:
    """Make the schedules be there, however often they were deleted."""
    _every(1, WATCHDOG, "queueapp.services.workers.start_pump", workers.PUMP)
    _every(10, HUBS, "queueapp.tasks.see_to_hubs", workers.WORK)
    _every(60, SWEEP, "queueapp.tasks.sweep", workers.WORK)


def _every(minutes: int, name: str, func: str, cluster: str) -> None:
    Schedule.objects.update_or_create(
        name=name,
        defaults={
            "func": func,
            "schedule_type": Schedule.MINUTES,
            "minutes": minutes,
            "repeats": -1,
            "cluster": cluster,
        },
    )


def _start_pump(**_: Any) -> None:
    if Conf.CLUSTER_NAME == workers.PUMP:
        async_task("queueapp.tasks.pump", cluster=workers.PUMP, save=False)
