"""One exchange with one server: where it goes, whether the key goes along, how long and how large it may be.

Proxies: those of the environment (HTTPS_PROXY, NO_PROXY, ...) are used, because inside many companies
there is no other way out, but never for this machine itself. Certificates: REQUESTS_CA_BUNDLE or
CURL_CA_BUNDLE where set, for the same reason. A .netrc is never read: it would put another account's
password in the key's place.
"""

import http.client
import os
import threading
import time
import weakref
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

import requests
import urllib3
from requests.utils import get_environ_proxies, select_proxy

from queueapp.upstream import addresses, sockets
from queueapp.upstream.clock import measure_offset
from queueapp.upstream.errors import (
    AmbiguousResponse,
    InvalidLink,
    Unreachable,
    UpstreamError,
)
from queueapp.upstream.parsing import Redactor
from queueapp.upstream.urls import Origin

#: What requests, urllib3, http.client and the socket raise for an exchange that went wrong.
NETWORK_ERRORS = (
    requests.RequestException,
    urllib3.exceptions.HTTPError,
    http.client.HTTPException,
    OSError,
    ValueError,
)
#: Seconds after which a kept connection is not trusted with a call that must not be lost: servers close
#: idle connections, and a request that crosses with the closing would look like a lost answer.
MAX_IDLE = 1.0
CHUNK_SIZE = 64 * 1024


@dataclass(frozen=True, slots=True)
class Response:
    """A complete answer, its body decoded and within its limit."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    #: The hub's clock minus ours, in seconds; None when it told no time.
    clock_offset: float | None
    #: Seconds from the asking to the whole answer.
    seconds: float

    @property
    def text(self) -> str:
        return self.body.decode("utf-8", "replace")


class Transport:
    """Sessions for one key, one per thread, and the rules of every exchange made on them."""

    def __init__(
        self,
        key: str,
        origin: Origin,
        *,
        timeouts: tuple[float, float],
        clock: Callable[[], float],
        session: requests.Session | None = None,
    ) -> None:
        self._key = key
        self.origin = origin
        self.timeouts = timeouts
        self.clock = clock
        self.clean = Redactor(key)
        self._given = session and _prepare_session(session)
        self._mine = threading.local()
        self._lock = threading.Lock()
        self._sessions: weakref.WeakSet[requests.Session] = weakref.WeakSet()

    def close(self) -> None:
        """Let go of the connections that all threads keep; those in use end with their call."""
        with self._lock:
            sessions = list(self._sessions)
        for session in sessions:
            session.close()

    def _session(self, *, guarded: bool, fresh: bool) -> requests.Session:
        """This thread's session; with `fresh`, without kept connections that have idled too long."""
        session = self._kept(guarded=guarded)
        if fresh and time.monotonic() - getattr(self._mine, "used", 0.0) > MAX_IDLE:
            session.close()
        self._mine.used = time.monotonic()
        return session

    def _kept(self, *, guarded: bool) -> requests.Session:
        if self._given is not None and not guarded:
            return self._given
        name = "guarded" if guarded else "own"
        session: requests.Session | None = getattr(self._mine, name, None)
        if session is None:
            session = sockets.Session(guarded=guarded)
            setattr(self._mine, name, session)
            with self._lock:
                self._sessions.add(session)
        return session

    def open(
        self,
        method: str,
        url: str,
        *,
        seconds: float | None,
        query: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        body: bytes | None = None,
        fresh: bool = False,
        pause: float | None = None,
        stop: Callable[[], bool] | None = None,
    ) -> requests.Response:
        """Send a request and read its answer's head; `seconds` is for the whole exchange, body included,
        `pause` (else the client's read timeout) for the longest silence in it.

        The key goes along only to the hub's own origin; every other host must stand at a public address.
        Redirects are never followed. Raises Unreachable, Unclear or BadLink.
        """
        prepared, origin = self._prepared(method, url, query, headers, body)
        guarded = origin.host != self.origin.host
        session = self._session(guarded=guarded, fresh=fresh)
        pause = self.timeouts[1] if pause is None else pause
        failure: UpstreamError
        sockets.begin(seconds, stop)
        try:
            return session.send(
                prepared,
                stream=True,
                allow_redirects=False,
                timeout=(self.timeouts[0], pause),
                verify=_certificates(),
                proxies=_proxies(origin, prepared.url or "", guarded=guarded),
            )
        except addresses.ForbiddenAddress:
            failure = InvalidLink(f"{self.clean(origin.host, 100)} is not an address on the public internet.")
        except NETWORK_ERRORS as error:
            failure = self._failure(error, origin, pause)
        # Raised out here so that it carries no `__context__`: requests' errors hold the key in a header.
        raise failure

    def _prepared(
        self,
        method: str,
        url: str,
        query: Mapping[str, str] | None,
        headers: Mapping[str, str] | None,
        body: bytes | None,
    ) -> tuple[requests.PreparedRequest, Origin]:
        """The request as it will go out, and where to: what is judged is what is sent."""
        words = ""
        try:
            Origin.parse(url)
            request = requests.Request(method, url, params=query, data=body, headers=dict(headers or {}))
            prepared = request.prepare()
            origin = Origin.parse(prepared.url or "")
        except NETWORK_ERRORS as error:
            words = str(error) if type(error) is ValueError else "This is no web address."
        if words:
            raise InvalidLink(words)
        prepared.headers["User-Agent"] = "Drover"
        if origin == self.origin and self._key:
            prepared.headers["Authorization"] = f"Bearer {self._key}"
        return prepared, origin

    def _failure(self, error: Exception, origin: Origin, pause: float) -> UpstreamError:
        place = self.clean(origin.netloc, 100)
        if sockets.CALL.written:
            return lost_response(error, place, pause)
        reason = getattr(error.args[0] if error.args else None, "reason", error)
        match reason:
            case urllib3.exceptions.NameResolutionError():
                words = f"The name {self.clean(origin.host, 100)} could not be found."
            case urllib3.exceptions.NewConnectionError():
                words = f"{place} does not take connections."
            case TimeoutError() | urllib3.exceptions.TimeoutError() | requests.Timeout():
                words = f"No connection to {place} within {self.timeouts[0]:g} s."
            case urllib3.exceptions.ProxyError():
                words = f"The network's proxy gave no way to {place}."
            case urllib3.exceptions.SSLError() | requests.exceptions.SSLError():
                words = f"No secure connection to {place}: {self.clean(str(reason), 200)}"
            case _:
                words = f"No connection to {place} could be made."
        return Unreachable(words)

    def pieces(self, response: requests.Response) -> Iterator[bytes]:
        """The answer's body as it comes in, decoded. Raises Unclear where it breaks off or is late."""
        failure = None
        try:
            yield from response.raw.stream(CHUNK_SIZE, decode_content=True)
        except NETWORK_ERRORS as error:
            failure = lost_response(
                error, self.clean(Origin.parse(response.url).netloc, 100), self.timeouts[1]
            )
        if failure is not None:
            raise failure

    def exchange(self, method: str, url: str, *, cap: int, seconds: float, **how: object) -> Response:
        """`open`, and the whole body up to `cap` bytes. Raises Unclear for more than that."""
        asked, began = self.clock(), time.monotonic()
        body = bytearray()
        with self.open(method, url, seconds=seconds, **how) as response:  # type: ignore[arg-type]
            answered = self.clock()
            for piece in self.pieces(response):
                body += piece
                if len(body) > cap:
                    raise AmbiguousResponse(
                        f"The answer is larger than {cap:,} bytes.", status=response.status_code
                    )
        return Response(
            response.status_code,
            response.headers,
            bytes(body),
            measure_offset(response.headers.get("Date"), asked, answered),
            time.monotonic() - began,
        )


def lost_response(error: Exception, place: str, patience: float) -> AmbiguousResponse:
    """The words for an answer that did not come, or not whole."""
    late = (TimeoutError, urllib3.exceptions.TimeoutError, requests.Timeout)
    if isinstance(error, late):
        return AmbiguousResponse(
            f"{place} did not answer in time (a pause of {patience:g} s, or too slow in all)."
        )
    return AmbiguousResponse(f"The connection to {place} broke off before the answer was complete.")


def _prepare_session(session: requests.Session) -> requests.Session:
    """A session made elsewhere, under the same rules as our own."""
    session.trust_env = False
    for scheme in ("http://", "https://"):
        session.mount(scheme, sockets.Adapter())
    return session


def _certificates() -> str | bool:
    return os.environ.get("REQUESTS_CA_BUNDLE") or os.environ.get("CURL_CA_BUNDLE") or True


def _proxies(origin: Origin, url: str, *, guarded: bool) -> dict[str, str]:
    if addresses.is_loopback(origin.host):
        return {}
    proxies = dict(get_environ_proxies(url))
    if guarded and select_proxy(url, proxies) and not addresses.may_be_public(origin.host):
        raise addresses.ForbiddenAddress(origin.host)
    return proxies
