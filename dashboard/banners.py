"""Collect the warnings that the queue page shows above the table."""

from collections.abc import Sequence

from queueapp.models import Connection, Generation, Namespace
from queueapp.services.hubs.status import waiting_reason


def waiting_reasons(namespaces: Sequence[Namespace]) -> list[str]:
    """Return why live generations of these namespaces wait: one sentence for each connection with a problem.

    A connection raises the versions of the namespaces it affects when its problem begins and when it ends,
    so that open pages reload this.
    """
    live = Generation.objects.live().filter(namespace__in=namespaces)
    connections = Connection.objects.filter(pk__in=live.values("connection")).defer("key", "check_report")
    return [reason for connection in connections if (reason := waiting_reason(connection))]
