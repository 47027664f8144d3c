"""A hub that stands in for the real one, and a client that has a key to it."""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest

from queueapp.upstream.client import Client
from tests.hub.server import Hub

#: Seconds to connect, and the longest pause: no test waits for either, unless it sets them itself.
PATIENT = (5.0, 5.0)


@pytest.fixture(autouse=True)
def _no_proxies(monkeypatch):
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


@pytest.fixture
def open_hub() -> Iterator[Callable[..., Hub]]:
    with ExitStack() as stack:
        yield lambda *args, **how: stack.enter_context(Hub(*args, **how))


@pytest.fixture
def hub(open_hub) -> Hub:
    return open_hub("current")


@pytest.fixture
def client_of() -> Iterator[Callable[..., Client]]:
    """Alice's client of a hub, in the hub's own revision."""
    with ExitStack() as stack:

        def make(hub: Hub, **how: Any) -> Client:
            given = {"namespace": "alice", "revision": hub.revision, "timeouts": PATIENT, **how}
            return stack.enter_context(Client(hub.url, given.pop("key", hub.key), **given))

        yield make


@pytest.fixture
def client(hub, client_of) -> Client:
    return client_of(hub)


@pytest.fixture
def scripted() -> Iterator[Callable[..., str]]:
    """A server of a few lines: the address of one that does `act(connection)` once for its only caller."""
    with ExitStack() as stack:

        def serve(act: Callable[[socket.socket], None]) -> str:
            listener = stack.enter_context(socket.create_server(("127.0.0.1", 0)))

            def run() -> None:
                connection, _ = listener.accept()
                with connection:
                    act(connection)

            thread = threading.Thread(target=run)
            thread.start()
            stack.callback(thread.join)
            return f"http://127.0.0.1:{listener.getsockname()[1]}"

        yield serve


@pytest.fixture
def nobody_home() -> str:
    """An address where nothing listens."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return f"http://127.0.0.1:{listener.getsockname()[1]}"
