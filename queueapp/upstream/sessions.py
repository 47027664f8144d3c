"""requests sessions for hubs: without cookies, .netrc, retries and redirects, one for each thread."""

import threading
import time
import weakref
from http.cookiejar import DefaultCookiePolicy
from typing import Any

import requests
from requests.adapters import HTTPAdapter

from queueapp.upstream import sockets

#: Seconds after which an idle connection is not used for a call that must not be lost. Servers close idle
#: connections, and a request that crosses with the close looks like one whose response was lost.
MAX_IDLE = 1.0

_POOLS = {"http": sockets.HttpPool, "https": sockets.HttpsPool}
_PUBLIC_POOLS = {"http": sockets.PublicHttpPool, "https": sockets.PublicHttpsPool}


class Adapter(HTTPAdapter):
    """An adapter that uses the connections of `sockets` and never retries.

    With `public_only` it connects to public addresses only.
    """

    def __init__(self, *, public_only: bool = False) -> None:
        self._public_only = public_only
        super().__init__(pool_connections=4, pool_maxsize=2, max_retries=0)

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)  # type: ignore[no-untyped-call,unused-ignore]
        self.poolmanager.pool_classes_by_scheme = _PUBLIC_POOLS if self._public_only else _POOLS

    def proxy_manager_for(self, proxy: Any, **kwargs: Any) -> Any:
        manager = super().proxy_manager_for(proxy, **kwargs)  # type: ignore[no-untyped-call,unused-ignore]
        # A proxy has a private address and resolves the names of hosts itself.
        manager.pool_classes_by_scheme = _POOLS
        return manager


class Session(requests.Session):
    """A session that reads no .netrc, stores no cookies, and never reads where a redirect leads."""

    def __init__(self, *, public_only: bool = False) -> None:
        super().__init__()
        self.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
        configure(self, Adapter(public_only=public_only))

    def get_redirect_target(self, resp: requests.Response) -> None:
        """Return None: for any other target requests reads the redirect's whole body, however large."""


def configure(session: requests.Session, adapter: Adapter) -> None:
    """Make a session ignore .netrc and use an adapter for every URL."""
    session.trust_env = False
    for scheme in ("http://", "https://"):
        session.mount(scheme, adapter)


class SessionPool:
    """The sessions of one client: up to two for each thread, because threads must not share them.

    Hosts other than the hub have a session of their own, which connects to public addresses only. A given
    `session` replaces those for the hub.
    """

    def __init__(self, session: requests.Session | None = None) -> None:
        self._given = session
        if session is not None:
            configure(session, Adapter())
        self._local = threading.local()
        self._lock = threading.Lock()
        self._sessions: weakref.WeakSet[requests.Session] = weakref.WeakSet()

    def get(self, *, public_only: bool, fresh: bool) -> requests.Session:
        """Return this thread's session. With `fresh`, its idle connections are not used again."""
        session = self._get_or_create(public_only)
        if fresh and time.monotonic() - getattr(self._local, "used_at", 0.0) > MAX_IDLE:
            session.close()
        self._local.used_at = time.monotonic()
        return session

    def _get_or_create(self, public_only: bool) -> requests.Session:
        if self._given is not None and not public_only:
            return self._given
        name = "public" if public_only else "hub"
        session: requests.Session | None = getattr(self._local, name, None)
        if session is None:
            session = Session(public_only=public_only)
            setattr(self._local, name, session)
            with self._lock:
                self._sessions.add(session)
        return session

    def close(self) -> None:
        """Close the idle connections of all threads. Those in use are closed after their call."""
        with self._lock:
            sessions = list(self._sessions)
        for session in sessions:
            session.close()
