"""Where the generations of a connection are made: a namespace of a hub.

What is made for one connection stands in the lists of every other that leads to the same place.
"""

from typing import NamedTuple

from queueapp.models import Connection
from queueapp.upstream.transport import Origin


class Place(NamedTuple):
    """A namespace of a hub; empty while it is not known whose the key is."""

    hub: Origin | None
    namespace: str


def place_of(connection: Connection) -> Place:
    """Where this connection's generations are made; a place of its own for an address that is none."""
    try:
        return Place(Origin.of(connection.base_url), connection.namespace)
    except ValueError:
        return Place(None, connection.name)


def at(place: Place) -> list[Connection]:
    """Every connection whose generations are made there."""
    alike = Connection.objects.filter(kind=Connection.Kind.UPSTREAM)
    return [one for one in alike if place_of(one) == place]
