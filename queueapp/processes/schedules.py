"""When tasks start by themselves: with each worker of the pump's cluster, and from a watchdog."""

from typing import Any

from django_q.conf import Conf
from django_q.models import Schedule
from django_q.signals import post_spawn
from django_q.tasks import async_task

from queueapp.services import coordination

START_POLLER = "Drover: watch the pump"
CHECK_HUBS = "Drover: look after the hubs"
CLEAN_UP = "Drover: remove what nobody needs"


def connect_signals() -> None:
    """Start a pump with each of the pump cluster's workers."""
    post_spawn.connect(_start_poller, dispatch_uid="drover-start-pump")


def create_schedules() -> None:
    """Make the schedules be there, however often they were deleted."""
    _create_schedule(1, START_POLLER, "queueapp.services.coordination.start_poller", coordination.POLLER)
    _create_schedule(10, CHECK_HUBS, "queueapp.tasks.check_due_hubs", coordination.JOBS)
    _create_schedule(60, CLEAN_UP, "queueapp.tasks.clean_up", coordination.JOBS)


def _create_schedule(minutes: int, name: str, func: str, cluster: str) -> None:
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


def _start_poller(**_: Any) -> None:
    if Conf.CLUSTER_NAME == coordination.POLLER:
        async_task("queueapp.tasks.run_poller", cluster=coordination.POLLER, save=False)
