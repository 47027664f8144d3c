"""What keeps somebody's work waiting although nothing is wrong with it."""

from collections.abc import Sequence

from django.core.cache import cache

from queueapp.models import Connection, Generation, Namespace
from queueapp.services import connections

#: Seconds for which the connections in trouble are remembered: pages are loaded far more often.
_KEEP = 5
_TROUBLED = "connections:troubled"


def held_up(namespaces: Sequence[Namespace]) -> list[str]:
    """Why what waits in these namespaces does not go: a sentence for each connection in trouble."""
    return [
        connections.why_waiting(connection)
        for connection in _troubled()
        if Generation.objects.waiting().filter(namespace__in=namespaces, connection=connection).exists()
    ]


def _troubled() -> list[Connection]:
    found: list[Connection] | None = cache.get(_TROUBLED)
    if found is None:
        found = [one for one in Connection.objects.defer("key", "check_text") if connections.why_waiting(one)]
        cache.set(_TROUBLED, found, _KEEP)
    return found
