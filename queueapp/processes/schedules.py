"""Create the django-q2 schedules, and start a poller task with each worker of the poller cluster."""

from typing import Any

from django_q.conf import Conf
from django_q.models import Schedule
from django_q.signals import post_spawn
from django_q.tasks import async_task

from queueapp.services import coordination

START_POLLER = "Drover: start the poller"
CHECK_HUBS = "Drover: check hubs"
CLEAN_UP = "Drover: delete unused rows and files"


def connect_signals() -> None:
    """Start a poller task whenever the poller cluster starts a worker."""
    post_spawn.connect(_start_poller, dispatch_uid="drover-start-poller")


def create_schedules() -> None:
    """Create the schedules, or restore those that were changed."""
    # Tasks are named by strings, because the web process imports this module and must not import the tasks.
    _create_schedule(1, START_POLLER, "queueapp.services.coordination.start_poller", coordination.POLLER)
    _create_schedule(10, CHECK_HUBS, "queueapp.tasks.check_due_hubs", coordination.JOBS)
    _create_schedule(60, CLEAN_UP, "queueapp.tasks.clean_up", coordination.JOBS)


def _create_schedule(minutes: int, name: str, task: str, cluster: str) -> None:
    Schedule.objects.update_or_create(
        name=name,
        defaults={
            "func": task,
            "schedule_type": Schedule.MINUTES,
            "minutes": minutes,
            "repeats": -1,
            "cluster": cluster,
        },
    )


def _start_poller(**_: Any) -> None:
    if Conf.CLUSTER_NAME == coordination.POLLER:
        async_task("queueapp.tasks.run_poller", cluster=coordination.POLLER, save=False)
