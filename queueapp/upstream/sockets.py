"""Connections that know three things requests' own do not: whether a byte of the request was sent, when
the whole answer must be there, and whether they may connect to an address.

What holds for one call is kept per thread, because urllib3 gives no way to hand it down; a call is made
and read by one thread.
"""

import http.client
import io
import socket
import threading
import time
from collections.abc import Callable
from http.cookiejar import DefaultCookiePolicy
from typing import Any

import requests
import urllib3
from requests.adapters import HTTPAdapter
from urllib3.util import connection as urllib3_connection
from urllib3.util import wait_for_read

from queueapp.upstream import addresses

#: Seconds between two looks at whether somebody wants an endless answer to stop.
SLICE = 0.2


class _Call(threading.local):
    """The call that this thread is making."""

    written = False
    #: On the monotonic clock; None for an endless answer.
    deadline: float | None = None
    stop: Callable[[], bool] | None = None


CALL = _Call()


def begin(seconds: float | None, stop: Callable[[], bool] | None = None) -> None:
    """From here on this thread's reads and writes end after `seconds`, or soon after `stop` says so."""
    CALL.written = False
    CALL.deadline = None if seconds is None else time.monotonic() + seconds
    CALL.stop = stop


class _Deadlined(io.RawIOBase):
    """The bytes of one answer. A read timeout alone would let one byte every few seconds go on for ever."""

    def __init__(self, sock: Any, inner: Any) -> None:
        self._sock, self._inner = sock, inner
        self._idle: float | None = sock.gettimeout()
        self._deadline, self._stop = CALL.deadline, CALL.stop

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        began = time.monotonic()
        pending = getattr(self._sock, "pending", int)
        while True:
            patience = self._patience(began)
            if self._stop is None or pending():
                break
            if self._stop():
                raise TimeoutError("asked to stop")
            if wait_for_read(self._sock, min(SLICE, patience)):
                break
        self._sock.settimeout(patience)
        return self._inner.readinto(buffer) or 0

    def _patience(self, began: float) -> float:
        now = time.monotonic()
        ends = [began + self._idle] if self._idle is not None else []
        ends += [self._deadline] if self._deadline is not None else []
        patience = min(ends, default=now + 60.0) - now
        if patience <= 0:
            raise TimeoutError("timed out")
        return patience

    def close(self) -> None:
        if not self.closed:
            self._inner.close()
        super().close()


class _Response(http.client.HTTPResponse):
    def __init__(self, sock: Any, *args: Any, **kwargs: Any) -> None:
        super().__init__(sock, *args, **kwargs)
        self.fp = io.BufferedReader(_Deadlined(sock, self.fp.detach()))


class _Watched:
    """Mixed into urllib3's connections: notes the first byte of a request, and gives writing its time."""

    # http.client makes answers of this; urllib3 hides the attribute behind a type of its own.
    response_class: Any = _Response
    sock: Any
    _connecting = False

    def connect(self) -> None:
        self._connecting = True  # A proxy's CONNECT is no part of the request.
        try:
            super().connect()  # type: ignore[misc]
        finally:
            self._connecting = False

    def send(self, data: Any) -> None:
        if self.sock is None:
            self.connect()
        if not self._connecting:
            if not CALL.written and CALL.deadline is not None and time.monotonic() >= CALL.deadline:
                raise TimeoutError("timed out")  # Connecting took it all: nothing has been sent.
            CALL.written = True
            # urllib3 writes under the connect timeout, which a large `data:` URI would outlast.
            if CALL.deadline is not None:
                self.sock.settimeout(max(CALL.deadline - time.monotonic(), 0.001))
        super().send(data)  # type: ignore[misc]


class _Guarded(_Watched):
    """Connects only to public addresses: looked up once, checked, and connected to as they were checked,
    so that a name cannot change its mind in between (DNS rebinding)."""

    host: str
    port: int
    timeout: Any
    socket_options: Any
    _dns_host: str

    def _new_conn(self) -> socket.socket:
        trouble: OSError = OSError("no address")
        for address in addresses.resolve_public(self._dns_host, self.port):
            try:
                return urllib3_connection.create_connection(
                    (address, self.port), self.timeout, socket_options=self.socket_options
                )
            except OSError as error:
                trouble = error
        raise urllib3.exceptions.NewConnectionError(self, str(trouble))  # type: ignore[arg-type]


class _Http(_Watched, urllib3.connection.HTTPConnection):
    pass


class _Https(_Watched, urllib3.connection.HTTPSConnection):
    pass


class _GuardedHttp(_Guarded, urllib3.connection.HTTPConnection):
    pass


class _GuardedHttps(_Guarded, urllib3.connection.HTTPSConnection):
    pass


class _HttpPool(urllib3.HTTPConnectionPool):
    ConnectionCls = _Http


class _HttpsPool(urllib3.HTTPSConnectionPool):
    ConnectionCls = _Https


class _GuardedHttpPool(urllib3.HTTPConnectionPool):
    ConnectionCls = _GuardedHttp


class _GuardedHttpsPool(urllib3.HTTPSConnectionPool):
    ConnectionCls = _GuardedHttps


_POOLS = {"http": _HttpPool, "https": _HttpsPool}
_GUARDED_POOLS = {"http": _GuardedHttpPool, "https": _GuardedHttpsPool}


class Adapter(HTTPAdapter):
    """requests' adapter over these connections. It never repeats a request."""

    def __init__(self, *, guarded: bool = False) -> None:
        self._guarded = guarded
        super().__init__(pool_connections=4, pool_maxsize=2, max_retries=0)

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)  # type: ignore[no-untyped-call,unused-ignore]
        self.poolmanager.pool_classes_by_scheme = _GUARDED_POOLS if self._guarded else _POOLS

    def proxy_manager_for(self, proxy: Any, **kwargs: Any) -> Any:
        manager = super().proxy_manager_for(proxy, **kwargs)  # type: ignore[no-untyped-call,unused-ignore]
        # A proxy of the network stands inside it by nature and does its own looking up.
        manager.pool_classes_by_scheme = _POOLS
        return manager


class Session(requests.Session):
    """Takes nothing from .netrc, keeps no cookies, and never looks where a redirect leads."""

    def __init__(self, *, guarded: bool = False) -> None:
        super().__init__()
        self.trust_env = False
        self.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
        for scheme in ("http://", "https://"):
            self.mount(scheme, Adapter(guarded=guarded))

    def get_redirect_target(self, resp: requests.Response) -> None:
        """Even with `allow_redirects=False` requests reads a redirect's whole body, of any size, unless
        there is no target."""
