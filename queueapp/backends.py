"""Where generations are made: one protocol, a maker for each kind of connection."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from queueapp.models import Connection


@dataclass(frozen=True, slots=True)
class Order:
    """What a backend is asked for: one POST's worth."""

    model: str
    params: Mapping[str, Any]
    count: int


@dataclass(frozen=True, slots=True)
class Accepted:
    """The backend has the whole order."""


@dataclass(frozen=True, slots=True)
class Refused:
    """The backend will not make this order, now or later; `raw` is what it said."""

    reason: str
    raw: str = ""
    category: str = "refused"


Answer = Accepted | Refused


class Backend(Protocol):
    """Takes orders. `submit` may block for as long as the backend's own time limits; it never raises."""

    def submit(self, order: Order) -> Answer: ...


class BuiltIn:
    """The engine in Drover's own workers: it has an order as soon as the rows say so."""

    def submit(self, order: Order) -> Answer:
        return Accepted()


def backend_of(connection: Connection) -> Backend:
    """The maker for a connection. LookupError for a kind this installation cannot speak to."""
    if connection.kind == Connection.Kind.BUILTIN:
        return BuiltIn()
    raise LookupError(f"No backend speaks to connections of the kind {connection.kind}.")
