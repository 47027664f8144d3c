"""Send one request to one server, with the API key for the hub only and with limits of time and size.

Proxies of the environment (HTTPS_PROXY, NO_PROXY, ...) are used, because some company networks have no
other way out, but never for this machine itself. For the same reason REQUESTS_CA_BUNDLE and CURL_CA_BUNDLE
name the trusted certificates. A .netrc is never read, because requests would send its password in place of
the key.
"""

import os
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

import requests
from requests.utils import get_environ_proxies, select_proxy

from queueapp import __version__
from queueapp.upstream import addresses
from queueapp.upstream.clock import measure_offset
from queueapp.upstream.errors import AmbiguousResponse, InvalidLink, UpstreamError
from queueapp.upstream.network_errors import NETWORK_ERRORS, connect_error, lost_response
from queueapp.upstream.redaction import Redactor
from queueapp.upstream.sessions import SessionPool
from queueapp.upstream.sockets import current_call
from queueapp.upstream.urls import Origin

USER_AGENT = f"Drover/{__version__}"
#: Bytes of a body that are read at once.
CHUNK_SIZE = 64 * 1024


@dataclass(frozen=True, slots=True)
class Request:
    """A request before it is sent."""

    method: str
    url: str
    query: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes | None = None


@dataclass(frozen=True, slots=True)
class Response:
    """A complete response, with its body decoded."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    #: The hub's clock minus ours, in seconds; None without a `Date` header.
    clock_offset: float | None
    #: Seconds from the request to the end of the response.
    seconds: float

    @property
    def text(self) -> str:
        return self.body.decode("utf-8", "replace")


class Transport:
    """Sends requests for one API key. Several threads may use it at once.

    `timeouts` are the seconds to connect and between two reads. `clock` returns Unix time.
    """

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
        self._sessions = SessionPool(session)
        self.origin = origin
        self.connect_timeout, self.read_timeout = timeouts
        self.clock = clock
        self.redact = Redactor(key)

    def close(self) -> None:
        """Close the idle connections of all threads."""
        self._sessions.close()

    def open(
        self,
        request: Request,
        *,
        timeout: float | None,
        read_timeout: float | None = None,
        fresh: bool = False,
        should_stop: Callable[[], bool] | None = None,
    ) -> requests.Response:
        """Send a request and return the response before its body is read.

        `timeout` is in seconds for the whole exchange, body included, or None for a stream. `read_timeout`
        replaces the transport's. With `fresh`, no connection is used that was idle for long.

        The key is sent to the hub's origin only. Other hosts must have public addresses. Redirects are not
        followed. Raises Unreachable, AmbiguousResponse or InvalidLink.
        """
        prepared, origin = self._prepare(request)
        public_only = origin.host != self.origin.host
        session = self._sessions.get(public_only=public_only, fresh=fresh)
        read_timeout = self.read_timeout if read_timeout is None else read_timeout
        failure: UpstreamError
        current_call.begin(timeout, should_stop)
        try:
            return session.send(
                prepared,
                stream=True,
                allow_redirects=False,
                timeout=(self.connect_timeout, read_timeout),
                verify=_trusted_certificates(),
                proxies=_proxies(origin, prepared.url or "", public_only=public_only),
            )
        except addresses.ForbiddenAddress:
            host = self.redact(origin.host, 100)
            failure = InvalidLink(f"{host} is not an address on the public internet.")
        except NETWORK_ERRORS as error:
            failure = self._network_error(error, origin, read_timeout)
        # Raised here so that it has no `__context__`: requests' exceptions contain the key in a header.
        raise failure

    def _prepare(self, request: Request) -> tuple[requests.PreparedRequest, Origin]:
        """Return the request as it will be sent, and the origin that it really goes to."""
        message = ""
        try:
            Origin.parse(request.url)
            prepared = requests.Request(
                request.method,
                request.url,
                params=dict(request.query),
                data=request.body,
                headers={**request.headers, "User-Agent": USER_AGENT},
            ).prepare()
            origin = Origin.parse(prepared.url or "")
        except NETWORK_ERRORS as error:
            message = str(error) if type(error) is ValueError else "This is not a web address."
        if message:
            raise InvalidLink(message)
        if origin == self.origin and self._key:
            prepared.headers["Authorization"] = f"Bearer {self._key}"
        return prepared, origin

    def _network_error(self, error: Exception, origin: Origin, read_timeout: float) -> UpstreamError:
        if current_call.sent:
            return lost_response(error, origin, read_timeout, self.redact)
        return connect_error(error, origin, self.connect_timeout, self.redact)

    def iter_body(self, response: requests.Response) -> Iterator[bytes]:
        """Yield the response's body in decoded chunks. Raises AmbiguousResponse if it ends early or late."""
        failure = None
        try:
            yield from response.raw.stream(CHUNK_SIZE, decode_content=True)
        except NETWORK_ERRORS as error:
            origin = Origin.parse(response.url)
            failure = lost_response(error, origin, self.read_timeout, self.redact)
        if failure is not None:
            raise failure

    def exchange(self, request: Request, *, max_bytes: int, timeout: float, fresh: bool = False) -> Response:
        """Send a request and return the complete response.

        Raises what `open` raises, and AmbiguousResponse for a body of more than `max_bytes`.
        """
        sent_at, began = self.clock(), time.monotonic()
        body = bytearray()
        with self.open(request, timeout=timeout, fresh=fresh) as response:
            received_at = self.clock()
            for chunk in self.iter_body(response):
                body += chunk
                if len(body) > max_bytes:
                    message = f"The response is larger than {max_bytes:,} bytes."
                    raise AmbiguousResponse(message, status=response.status_code)
        return Response(
            response.status_code,
            response.headers,
            bytes(body),
            measure_offset(response.headers.get("Date"), sent_at, received_at),
            time.monotonic() - began,
        )


def _trusted_certificates() -> str | bool:
    return os.environ.get("REQUESTS_CA_BUNDLE") or os.environ.get("CURL_CA_BUNDLE") or True


def _proxies(origin: Origin, url: str, *, public_only: bool) -> dict[str, str]:
    """Return the proxies for a URL. Raises ForbiddenAddress for a private host that a proxy would reach."""
    if addresses.is_loopback(origin.host):
        return {}
    proxies = dict(get_environ_proxies(url))
    if public_only and select_proxy(url, proxies) and addresses.is_known_private(origin.host):
        raise addresses.ForbiddenAddress(origin.host)
    return proxies
