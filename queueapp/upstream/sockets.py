"""Connections that enforce a deadline, record whether the request was sent, and can refuse private hosts.

urllib3 has no way to pass these settings down, so they are kept per thread in `current_call`. One thread
makes a call and reads its response.
"""

import http.client
import io
import socket
import threading
import time
from collections.abc import Callable
from typing import Any

import urllib3
from urllib3.util import connection as urllib3_connection
from urllib3.util import wait_for_read

from queueapp.upstream import addresses

#: Seconds between two calls of `should_stop` while a stream is silent.
STOP_CHECK_INTERVAL = 0.2


class _CurrentCall(threading.local):
    """The call that this thread makes."""

    #: Whether a byte of the request was written.
    sent = False
    #: On the monotonic clock; None for a stream without an end.
    deadline: float | None = None
    should_stop: Callable[[], bool] | None = None

    def begin(self, timeout: float | None, should_stop: Callable[[], bool] | None = None) -> None:
        """Limit this thread's reads and writes to `timeout` seconds, and end them once `should_stop()`."""
        self.sent = False
        self.deadline = None if timeout is None else time.monotonic() + timeout
        self.should_stop = should_stop


current_call = _CurrentCall()


class _DeadlineReader(io.RawIOBase):
    """The bytes of one response, read until the call's deadline.

    A read timeout alone would accept one byte every few seconds without end.
    """

    def __init__(self, sock: Any, raw: Any) -> None:
        self._sock, self._raw = sock, raw
        self._read_timeout: float | None = sock.gettimeout()
        self._deadline, self._should_stop = current_call.deadline, current_call.should_stop

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        began = time.monotonic()
        remaining = self._remaining(began)
        while not self._is_ready(remaining):
            remaining = self._remaining(began)
        self._sock.settimeout(remaining)
        return self._raw.readinto(buffer) or 0

    def _is_ready(self, remaining: float) -> bool:
        """Wait for data in short steps, and raise TimeoutError once the caller wants to stop."""
        has_buffered_data = getattr(self._sock, "pending", int)  # TLS only
        if self._should_stop is None or has_buffered_data():
            return True
        if self._should_stop():
            raise TimeoutError("stopped by the caller")
        return wait_for_read(self._sock, min(STOP_CHECK_INTERVAL, remaining))

    def _remaining(self, began: float) -> float:
        """Return the seconds until the read timeout or the deadline. Raise TimeoutError after it."""
        now = time.monotonic()
        limits = [began + self._read_timeout] if self._read_timeout is not None else []
        limits += [self._deadline] if self._deadline is not None else []
        remaining = min(limits, default=now + 60.0) - now
        if remaining <= 0:
            raise TimeoutError("timed out")
        return remaining

    def close(self) -> None:
        if not self.closed:
            self._raw.close()
        super().close()


class _DeadlineResponse(http.client.HTTPResponse):
    def __init__(self, sock: Any, *args: Any, **kwargs: Any) -> None:
        super().__init__(sock, *args, **kwargs)
        self.fp = io.BufferedReader(_DeadlineReader(sock, self.fp.detach()))


class _DeadlineConnection:
    """A mixin for urllib3's connections: it records the first byte sent and limits the time to send."""

    # http.client builds responses with this class; urllib3 declares the attribute with a type of its own.
    response_class: Any = _DeadlineResponse
    sock: Any
    _connecting = False

    def connect(self) -> None:
        self._connecting = True  # A CONNECT to a proxy is not part of the request.
        try:
            super().connect()  # type: ignore[misc]
        finally:
            self._connecting = False

    def send(self, data: Any) -> None:
        if self.sock is None:
            self.connect()
        if not self._connecting:
            self._limit_send()
        super().send(data)  # type: ignore[misc]

    def _limit_send(self) -> None:
        deadline = current_call.deadline
        if not current_call.sent and deadline is not None and time.monotonic() >= deadline:
            raise TimeoutError("timed out")  # Connecting used up the time; nothing was sent.
        current_call.sent = True
        # urllib3 sends with the connect timeout, which is too short for a large `data:` URI.
        if deadline is not None:
            self.sock.settimeout(max(deadline - time.monotonic(), 0.001))


class _PublicConnection(_DeadlineConnection):
    """A mixin that connects to public addresses only.

    The host is resolved once, and the connection goes to the addresses that were checked, so that a
    second answer of the resolver cannot differ (DNS rebinding).
    """

    host: str
    port: int
    timeout: Any
    socket_options: Any
    _dns_host: str

    def _new_conn(self) -> socket.socket:
        last_error: OSError = OSError("no address")
        for address in addresses.resolve_public(self._dns_host, self.port):
            try:
                return urllib3_connection.create_connection(
                    (address, self.port), self.timeout, socket_options=self.socket_options
                )
            except OSError as error:
                last_error = error
        raise urllib3.exceptions.NewConnectionError(self, str(last_error))  # type: ignore[arg-type]


class _Http(_DeadlineConnection, urllib3.connection.HTTPConnection):
    pass


class _Https(_DeadlineConnection, urllib3.connection.HTTPSConnection):
    pass


class _PublicHttp(_PublicConnection, urllib3.connection.HTTPConnection):
    pass


class _PublicHttps(_PublicConnection, urllib3.connection.HTTPSConnection):
    pass


class HttpPool(urllib3.HTTPConnectionPool):
    ConnectionCls = _Http


class HttpsPool(urllib3.HTTPSConnectionPool):
    ConnectionCls = _Https


class PublicHttpPool(urllib3.HTTPConnectionPool):
    ConnectionCls = _PublicHttp


class PublicHttpsPool(urllib3.HTTPSConnectionPool):
    ConnectionCls = _PublicHttps
