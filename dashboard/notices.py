"""What keeps somebody's work from going on although nothing is wrong with it."""

from collections.abc import Sequence

from queueapp.models import Connection, Generation, Namespace
from queueapp.services.hubs.status import waiting_reason


def held_up(namespaces: Sequence[Namespace]) -> list[str]:
    """Why what lives in these namespaces does not go on: a sentence for each connection in trouble.

    A connection's getting into trouble and out of it raises the versions of those it concerns, so that
    their pages ask.
    """
    live = Generation.objects.live().filter(namespace__in=namespaces)
    theirs = Connection.objects.filter(pk__in=live.values("connection")).defer("key", "check_report")
    return [words for connection in theirs if (words := waiting_reason(connection))]
