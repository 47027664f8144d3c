"""A stand-in hub, clients with a key to it, and servers of a few lines."""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from queueapp.upstream.client import Client
from tests.hub.server import Hub

#: Seconds to connect and between two reads: long enough for every test that does not set its own.
TIMEOUTS = (5.0, 5.0)


@pytest.fixture(autouse=True)
def _no_proxies(monkeypatch):
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


@pytest.fixture
def open_hub() -> Iterator[Callable[..., Hub]]:
    with ExitStack() as stack:
        yield lambda *args, **options: stack.enter_context(Hub(*args, **options))


@pytest.fixture
def hub(open_hub) -> Hub:
    return open_hub("current")


@pytest.fixture
def client_of() -> Iterator[Callable[..., Client]]:
    """A function that returns Alice's client of a hub, in the hub's own revision."""
    with ExitStack() as stack:

        def create(hub: Hub, **options: Any) -> Client:
            options = {"namespace": "alice", "revision": hub.revision, "timeouts": TIMEOUTS, **options}
            return stack.enter_context(Client(hub.url, options.pop("key", hub.key), **options))

        yield create


@pytest.fixture
def client(hub, client_of) -> Client:
    return client_of(hub)


def read_head(connection: socket.socket) -> bytes:
    """Return a request up to the end of its head, and what of its body came with it."""
    data = b""
    while b"\r\n\r\n" not in data:
        chunk = connection.recv(65536)
        assert chunk, "the client closed the connection before its request was complete"
        data += chunk
    return data


@pytest.fixture
def serve_once() -> Iterator[Callable[..., str]]:
    """A function that starts a server for one request and returns its address.

    The server calls `handle(connection, request)` after it has read the request's head, or
    `handle(connection, b"")` at once if `reads_head` is false.
    """
    with ExitStack() as stack:

        def serve(handle: Callable[[socket.socket, bytes], None], *, reads_head: bool = True) -> str:
            listener = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
            listener.settimeout(TIMEOUTS[0])

            def run() -> None:
                connection, _ = listener.accept()
                connection.settimeout(TIMEOUTS[1])
                with connection:
                    handle(connection, read_head(connection) if reads_head else b"")

            thread = threading.Thread(target=run)
            thread.start()
            stack.callback(thread.join)
            return f"http://127.0.0.1:{listener.getsockname()[1]}"

        yield serve


@pytest.fixture
def closed_address() -> str:
    """An address that does not accept connections."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return f"http://127.0.0.1:{listener.getsockname()[1]}"


@pytest.fixture
def target(tmp_path: Path) -> Path:
    """A file for a result, alone in its folder."""
    folder = tmp_path / "results"
    folder.mkdir()
    return folder / "result.png"
