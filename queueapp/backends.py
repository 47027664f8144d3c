"""Where generations are made: one protocol, a maker for each kind of connection.

What each error of a hub's enqueue means stands in `meaning` alone.
"""

import threading
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from queueapp import upstream
from queueapp.models import Connection

#: Seconds to connect, and the longest pause in an answer; the pump waits for both.
TIMEOUTS = (5.0, 15.0)
#: Seconds for a whole call of the pump, but for the upload of inputs.
DEADLINE = upstream.CALL_SECONDS
#: Bytes of one answer: a list echoes what was submitted, at worst with every input in it.
ANSWER_CAP = 64 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Order:
    """What a backend is asked for: one POST's worth."""

    model: str
    params: Mapping[str, Any]
    count: int


@dataclass(frozen=True, slots=True)
class Accepted:
    """The backend has the order, or as much of it as it names `ids`; None from one that needs no names."""

    ids: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class Refused:
    """The backend will not make this order, now or later; `raw` is what it said."""

    reason: str
    raw: str = ""
    category: str = "refused"


@dataclass(frozen=True, slots=True)
class NotNow:
    """Nothing was made; the same order may be sent again, after `retry_after` seconds if that is told."""

    reason: str
    retry_after: float | None = None


@dataclass(frozen=True, slots=True)
class BadKey:
    """Nothing was made, and nothing will be until somebody changes the key."""

    reason: str


@dataclass(frozen=True, slots=True)
class NoCredits:
    """Nothing was made: the account cannot pay."""

    reason: str
    raw: str = ""


@dataclass(frozen=True, slots=True)
class Lost:
    """The answer was lost: the order may have been taken, and billed."""

    reason: str


Answer = Accepted | Refused | NotNow | BadKey | NoCredits | Lost


class Backend(Protocol):
    """Takes orders. `submit` may block for as long as the backend's own time limits; it never raises."""

    def submit(self, order: Order) -> Answer: ...


class BuiltIn:
    """The engine in Drover's own workers: it has an order as soon as the rows say so."""

    def submit(self, order: Order) -> Answer:
        return Accepted()


@dataclass(frozen=True, slots=True)
class Upstream:
    """A hub."""

    client: upstream.Client

    def submit(self, order: Order) -> Answer:
        try:
            return Accepted(self.client.enqueue(order.model, order.params, order.count).ids)
        except upstream.UpstreamError as error:
            return meaning(error)


def meaning(error: upstream.UpstreamError) -> Answer:
    """What an enqueue that met this error has come to."""
    match error:
        case upstream.BadKey():
            return BadKey(error.message)
        case upstream.NoCredits():
            return NoCredits(error.message, error.raw)
        case _ if error.safe_to_repeat:
            return NotNow(error.message, error.retry_after)
        case _ if error.may_have_happened:
            return Lost(error.message)
        case _:
            return Refused(error.message, error.raw)


def backend_of(connection: Connection) -> Backend:
    """The maker for a connection. Raises what `client_of` raises."""
    if connection.kind == Connection.Kind.BUILTIN:
        return BuiltIn()
    return Upstream(client_of(connection))


_clients: dict[tuple[Any, ...], upstream.Client] = {}
_lock = threading.Lock()


def client_of(connection: Connection) -> upstream.Client:
    """The client of a hub connection, with this process's kept connections to the hub.

    Raises sealing.Undecryptable when the key kept for it cannot be read, and ValueError, in words for a
    person, for an address or a key that cannot be used.
    """
    known = (connection.pk, connection.base_url, connection.key, connection.namespace, connection.revision)
    with _lock:
        if known not in _clients:
            _forget(connection.pk)
            _clients[known] = upstream.Client(
                connection.base_url,
                connection.key.open(),
                namespace=connection.namespace or None,
                revision=connection.revision or upstream.Revision.CLASSIC,
                timeouts=TIMEOUTS,
                deadline=DEADLINE,
                answer_cap=ANSWER_CAP,
            )
        return _clients[known]


def _forget(connection_id: int) -> None:
    """Let go of the client that an edited connection had."""
    for known in [known for known in _clients if known[0] == connection_id]:
        _clients.pop(known).close()
