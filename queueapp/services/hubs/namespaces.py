"""Find the connections that share one namespace of one hub.

Each of them lists the generations of all of them.
"""

from typing import NamedTuple

from queueapp.models import Connection
from queueapp.upstream.urls import Origin


class HubNamespace(NamedTuple):
    """A namespace of a hub. `namespace` is empty until it is known which account the key belongs to."""

    hub: Origin | None
    namespace: str


def get_hub_namespace(connection: Connection) -> HubNamespace:
    """Return the namespace of a connection's generations.

    A connection without a valid address gets one that it shares with no other.
    """
    try:
        return HubNamespace(Origin.parse(connection.base_url), connection.namespace)
    except ValueError:
        return HubNamespace(None, connection.name)


def connections_to(hub_namespace: HubNamespace) -> list[Connection]:
    """Return every connection whose generations belong to this namespace."""
    hubs = Connection.objects.filter(kind=Connection.Kind.UPSTREAM)
    return [connection for connection in hubs if get_hub_namespace(connection) == hub_namespace]
