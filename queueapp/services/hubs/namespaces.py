"""Where the generations of a connection are made: a namespace of a hub.

What is made for one connection stands in the lists of every other that leads to the same place.
"""

from typing import NamedTuple

from queueapp.models import Connection
from queueapp.upstream.urls import Origin


class HubNamespace(NamedTuple):
    """A namespace of a hub; empty while it is not known whose the key is."""

    hub: Origin | None
    namespace: str


def get_hub_namespace(connection: Connection) -> HubNamespace:
    """Where this connection's generations are made; a place of its own for an address that is none."""
    try:
        return HubNamespace(Origin.parse(connection.base_url), connection.namespace)
    except ValueError:
        return HubNamespace(None, connection.name)


def connections_to(place: HubNamespace) -> list[Connection]:
    """Every connection whose generations are made there."""
    alike = Connection.objects.filter(kind=Connection.Kind.UPSTREAM)
    return [one for one in alike if get_hub_namespace(one) == place]
