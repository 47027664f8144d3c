"""Enqueue django-q2 tasks for the renders and downloads that no worker has leased.

A task that is lost is enqueued again later. A task that runs twice does nothing the second time, because
the worker acquires a lease on the row first.
"""

from django.utils import timezone
from django_q.brokers import get_broker
from django_q.tasks import async_task

from queueapp.models import Connection
from queueapp.services import coordination, downloads
from queueapp.services.lifecycle import render_leases

#: The most tasks in the job workers' queue. More would be out of date before a worker takes them.
MAX_WAITING_TASKS = 8


def dispatch_renders(connection: Connection) -> None:
    """Enqueue tasks for the generations of the built-in engine that are due."""
    for generation_id in render_leases.reserve_due_renders(connection, timezone.now(), _free_slots()):
        _enqueue("queueapp.tasks.render_generation", generation_id)


def dispatch_downloads() -> None:
    """Enqueue tasks for the downloads that are due."""
    for generation_id in downloads.reserve_due_downloads(timezone.now(), _free_slots()):
        _enqueue("queueapp.tasks.download_result", generation_id)


def _enqueue(task: str, generation_id: str) -> None:
    async_task(task, generation_id, cluster=coordination.JOBS, save=False)


def _free_slots() -> int:
    waiting: int = get_broker(coordination.JOBS).queue_size()
    return max(0, MAX_WAITING_TASKS - waiting)
