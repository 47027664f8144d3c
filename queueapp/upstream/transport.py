"""One exchange with one server: where it goes, whether the key goes along, how long and how large it may be.

Proxies: those of the environment (HTTPS_PROXY, NO_PROXY, ...) are used, because inside many companies
there is no other way out, but never for this machine itself. Certificates: REQUESTS_CA_BUNDLE or
CURL_CA_BUNDLE where set, for the same reason. A .netrc is never read: it would put another account's
password in the key's place.
"""

import http.client
import os
import re
import threading
import time
import weakref
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Self
from urllib.parse import urlsplit

import requests
import urllib3
from requests.utils import get_environ_proxies, select_proxy
from urllib3.util import parse_url

from . import addresses, wire
from .errors import BadLink, Unclear, Unreachable, UpstreamError, http_date
from .reading import Cleaner

#: What requests, urllib3, http.client and the socket raise for an exchange that went wrong.
TROUBLES = (
    requests.RequestException,
    urllib3.exceptions.HTTPError,
    http.client.HTTPException,
    OSError,
    ValueError,
)
#: Seconds after which a kept connection is not trusted with a call that must not be lost: servers close
#: idle connections, and a request that crosses with the closing would look like a lost answer.
FRESH = 1.0
CHUNK = 64 * 1024
#: The usual port of each scheme (RFC 9110, 4.2).
PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class Origin:
    """Scheme, host and port: what a key belongs to (RFC 6454)."""

    scheme: str
    host: str
    port: int

    @classmethod
    def of(cls, url: str) -> Self:
        """The origin of an absolute web address. ValueError, with words that don't repeat it, for others."""
        try:
            # What requests would connect to, and what the standard library reads, must be the same place.
            parts, seen = urlsplit(url), parse_url(url)
            host, port = (parts.hostname or "").lower(), parts.port
        except (ValueError, urllib3.exceptions.HTTPError):
            raise ValueError("This is no web address.") from None
        if parts.scheme not in ("http", "https") or not host or re.search(r"[\s\\\x00-\x1f\x7f]", url):
            raise ValueError("A web address begins with http:// or https:// and a host.")
        if "@" in parts.netloc:
            raise ValueError("A web address must not hold a name or password.")
        if (seen.host or "").strip("[]").lower() != host or seen.port != port:
            raise ValueError("This web address can be read in two ways.")
        return cls(parts.scheme, host, port or PORTS[parts.scheme])

    @property
    def place(self) -> str:
        """Where that is, for people: the host, and the port unless it is the usual one."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == PORTS[self.scheme] else f"{host}:{self.port}"


@dataclass(frozen=True, slots=True)
class Answer:
    """A complete answer, its body decoded and within its limit."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    #: The hub's clock minus ours, in seconds; None when it told no time.
    clock_difference: float | None
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
        self.clean = Cleaner(key)
        self._given = session and _watched(session)
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
        if fresh and time.monotonic() - getattr(self._mine, "used", 0.0) > FRESH:
            session.close()
        self._mine.used = time.monotonic()
        return session

    def _kept(self, *, guarded: bool) -> requests.Session:
        if self._given is not None and not guarded:
            return self._given
        name = "guarded" if guarded else "own"
        session: requests.Session | None = getattr(self._mine, name, None)
        if session is None:
            session = wire.Session(guarded=guarded)
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
        wire.begin(seconds, stop)
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
            failure = BadLink(f"{self.clean(origin.host, 100)} is not an address on the public internet.")
        except TROUBLES as error:
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
            Origin.of(url)
            request = requests.Request(method, url, params=query, data=body, headers=dict(headers or {}))
            prepared = request.prepare()
            origin = Origin.of(prepared.url or "")
        except TROUBLES as error:
            words = str(error) if type(error) is ValueError else "This is no web address."
        if words:
            raise BadLink(words)
        prepared.headers["User-Agent"] = "Drover"
        if origin == self.origin and self._key:
            prepared.headers["Authorization"] = f"Bearer {self._key}"
        return prepared, origin

    def _failure(self, error: Exception, origin: Origin, pause: float) -> UpstreamError:
        place = self.clean(origin.place, 100)
        if wire.CALL.written:
            return lost(error, place, pause)
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
            yield from response.raw.stream(CHUNK, decode_content=True)
        except TROUBLES as error:
            failure = lost(error, self.clean(Origin.of(response.url).place, 100), self.timeouts[1])
        if failure is not None:
            raise failure

    def exchange(self, method: str, url: str, *, cap: int, seconds: float, **how: object) -> Answer:
        """`open`, and the whole body up to `cap` bytes. Raises Unclear for more than that."""
        asked, began = self.clock(), time.monotonic()
        body = bytearray()
        with self.open(method, url, seconds=seconds, **how) as response:  # type: ignore[arg-type]
            answered = self.clock()
            for piece in self.pieces(response):
                body += piece
                if len(body) > cap:
                    raise Unclear(f"The answer is larger than {cap:,} bytes.", status=response.status_code)
        return Answer(
            response.status_code,
            response.headers,
            bytes(body),
            _difference(response.headers.get("Date"), asked, answered),
            time.monotonic() - began,
        )


def lost(error: Exception, place: str, patience: float) -> Unclear:
    """The words for an answer that did not come, or not whole."""
    late = (TimeoutError, urllib3.exceptions.TimeoutError, requests.Timeout)
    if isinstance(error, late):
        return Unclear(f"{place} did not answer in time (a pause of {patience:g} s, or too slow in all).")
    return Unclear(f"The connection to {place} broke off before the answer was complete.")


def _watched(session: requests.Session) -> requests.Session:
    """A session made elsewhere, under the same rules as our own."""
    session.trust_env = False
    for scheme in ("http://", "https://"):
        session.mount(scheme, wire.Adapter())
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


def _difference(date: str | None, asked: float, answered: float) -> float | None:
    """A `Date` has whole seconds: it means half a second past, at the middle of the exchange."""
    told = http_date(date)
    return None if told is None else told.timestamp() + 0.5 - (asked + answered) / 2


def now_at(answer_date: str | None, clock: Callable[[], float]) -> datetime:
    """The time at the hub when it answered; our own where it told none."""
    return http_date(answer_date) or datetime.fromtimestamp(clock(), UTC)
