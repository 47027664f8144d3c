"""Backends that make generations: the built-in engine and upstream hubs.

`outcome_for_error` is the only place that says what a failed enqueue at a hub means.
"""

import threading
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from queueapp.models import Connection
from queueapp.upstream.client import Client
from queueapp.upstream.errors import InvalidKey, OutOfCredits, UpstreamError
from queueapp.upstream.limits import CALL_TIMEOUT as CLIENT_CALL_TIMEOUT
from queueapp.upstream.messages import Revision

#: Seconds to connect, and the longest pause within a response.
TIMEOUTS = (5.0, 15.0)
#: Seconds for one whole call, without the upload of inputs.
CALL_TIMEOUT = CLIENT_CALL_TIMEOUT
#: Bytes of one response. A list echoes the submitted parameters, at worst with every input in them.
MAX_RESPONSE_BYTES = 64 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class SubmitRequest:
    """One enqueue call to a backend: `count` generations of `model`."""

    model: str
    params: Mapping[str, Any]
    count: int


@dataclass(frozen=True, slots=True)
class Accepted:
    """The backend accepted the request.

    `ids` are the hub's ids, possibly fewer or more than requested; None from the built-in engine.
    """

    ids: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class Rejected:
    """The backend rejected the request for good. `raw` is its own error text."""

    reason: str
    raw: str = ""
    category: str = "refused"


@dataclass(frozen=True, slots=True)
class TryLater:
    """Nothing was made. The same request can be sent again, after `retry_after` seconds if set."""

    reason: str
    retry_after: float | None = None


@dataclass(frozen=True, slots=True)
class KeyRejected:
    """Nothing was made, and nothing will be until the connection's key is changed."""

    reason: str


@dataclass(frozen=True, slots=True)
class CreditsExhausted:
    """Nothing was made: the hub account cannot pay."""

    reason: str
    raw: str = ""


@dataclass(frozen=True, slots=True)
class AnswerLost:
    """The response was lost: the hub may have accepted and billed the request."""

    reason: str


SubmitOutcome = Accepted | Rejected | TryLater | KeyRejected | CreditsExhausted | AnswerLost


class Backend(Protocol):
    """Accepts submit requests. `submit` may block up to the backend's time limits and never raises."""

    def submit(self, request: SubmitRequest) -> SubmitOutcome: ...


class BuiltinBackend:
    """The built-in engine. Its workers read the database, so there is nothing to send."""

    def submit(self, request: SubmitRequest) -> SubmitOutcome:
        return Accepted()


@dataclass(frozen=True, slots=True)
class HubBackend:
    """An upstream hub."""

    client: Client

    def submit(self, request: SubmitRequest) -> SubmitOutcome:
        try:
            return Accepted(self.client.enqueue(request.model, request.params, request.count).ids)
        except UpstreamError as error:
            return outcome_for_error(error)


def outcome_for_error(error: UpstreamError) -> SubmitOutcome:
    """Return what a failed enqueue means for the generations in it."""
    match error:
        case InvalidKey():
            return KeyRejected(error.message)
        case OutOfCredits():
            return CreditsExhausted(error.message, error.raw)
        case _ if error.safe_to_repeat:
            return TryLater(error.message, error.retry_after)
        case _ if error.may_have_happened:
            return AnswerLost(error.message)
        case _:
            return Rejected(error.message, error.raw)


def get_backend(connection: Connection) -> Backend:
    """Return the backend of a connection. Raises what `get_client` raises."""
    if connection.kind == Connection.Kind.BUILTIN:
        return BuiltinBackend()
    return HubBackend(get_client(connection))


_clients: dict[tuple[Any, ...], Client] = {}
_lock = threading.Lock()


def get_client(connection: Connection) -> Client:
    """Return this process's client for a hub connection, with its open HTTP connections.

    Raises encryption.DecryptionFailed when the stored key cannot be read, and ValueError, with a message
    for the admin, when the address or the key is unusable.
    """
    settings = (connection.pk, connection.base_url, connection.key, connection.namespace, connection.revision)
    with _lock:
        if settings not in _clients:
            _close_clients(connection.pk)
            _clients[settings] = Client(
                connection.base_url,
                connection.key.decrypt(),
                namespace=connection.namespace or None,
                revision=connection.revision or Revision.CLASSIC,
                timeouts=TIMEOUTS,
                call_timeout=CALL_TIMEOUT,
                max_response_bytes=MAX_RESPONSE_BYTES,
            )
        return _clients[settings]


def _close_clients(connection_id: int) -> None:
    """Close the clients that were made with earlier settings of a connection."""
    for settings in [settings for settings in _clients if settings[0] == connection_id]:
        _clients.pop(settings).close()
