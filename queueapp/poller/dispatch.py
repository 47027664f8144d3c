"""Ringing for the workers: each piece of work that nobody holds is given to one.

A bell that is lost is rung again; one that is heard twice does nothing the second time, because the row
decides.
"""

from django.utils import timezone
from django_q.brokers import get_broker
from django_q.tasks import async_task

from queueapp.models import Connection
from queueapp.services import coordination, downloads
from queueapp.services.lifecycle import render_leases

#: As many bells wait on the workers' queue at most: more would only be stale when they are heard.
MAX_WAITING_TASKS = 8


def dispatch_renders(connection: Connection) -> None:
    """What the built-in engine is to make."""
    for generation_id in render_leases.reserve_due_renders(connection, timezone.now(), _free_slots()):
        async_task("queueapp.tasks.render_generation", generation_id, cluster=coordination.JOBS, save=False)


def dispatch_downloads() -> None:
    """The results that are to be fetched from hubs."""
    for generation_id in downloads.reserve_due_downloads(timezone.now(), _free_slots()):
        async_task(
            "queueapp.tasks.download_result", str(generation_id), cluster=coordination.JOBS, save=False
        )


def _free_slots() -> int:
    waiting: int = get_broker(coordination.JOBS).queue_size()
    return max(0, MAX_WAITING_TASKS - waiting)
