"""Looking after what backends have."""

from django.utils import timezone
from django_q.brokers import get_broker
from django_q.tasks import async_task

from queueapp.models import Connection, Generation
from queueapp.services import claims, workers
from queueapp.services.moves import move
from queueapp.states import State

#: As many bells wait on the workers' queue at most: more would only be stale when they are heard.
BELLS = 8


def look_after(connection: Connection) -> None:
    """See to everything a connection has at work."""
    if connection.kind == Connection.Kind.BUILTIN:
        _look_after_engine(connection)


def _look_after_engine(connection: Connection) -> None:
    """Give each generation that no worker holds to one; a bell that is lost is rung again later."""
    stuck = Generation.objects.at_work().filter(connection=connection, state=State.SUBMITTING)
    for generation in stuck:
        # A pump died between claiming it and saying so; the engine loses nothing by being asked again.
        move(generation, State.PROCESSING)
    room = max(0, BELLS - get_broker(workers.WORK).queue_size())
    for generation_id in claims.due_bells(connection, timezone.now(), room):
        async_task("queueapp.tasks.render", generation_id, cluster=workers.WORK, save=False)
