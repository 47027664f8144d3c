"""Ringing for the workers: each piece of work that nobody holds is given to one.

A bell that is lost is rung again; one that is heard twice does nothing the second time, because the row
decides.
"""

from django.utils import timezone
from django_q.brokers import get_broker
from django_q.tasks import async_task

from queueapp.models import Connection
from queueapp.services import claims, downloads, workers

#: As many bells wait on the workers' queue at most: more would only be stale when they are heard.
BELLS = 8


def ring_for_renders(connection: Connection) -> None:
    """What the built-in engine is to make."""
    for generation_id in claims.due_bells(connection, timezone.now(), _room()):
        async_task("queueapp.tasks.render", generation_id, cluster=workers.WORK, save=False)


def ring_for_downloads() -> None:
    """The results that are to be fetched from hubs."""
    for generation_id in downloads.due(timezone.now(), _room()):
        async_task("queueapp.tasks.fetch", str(generation_id), cluster=workers.WORK, save=False)


def _room() -> int:
    waiting: int = get_broker(workers.WORK).queue_size()
    return max(0, BELLS - waiting)
