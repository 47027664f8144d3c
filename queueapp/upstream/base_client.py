"""Send calls to a hub and parse their responses: the part of the client that all calls share."""

import time
from collections.abc import Callable, Mapping
from typing import Self

import requests

from queueapp.upstream.errors import AmbiguousResponse
from queueapp.upstream.limits import CALL_TIMEOUT, MAX_RESPONSE_BYTES, upload_seconds
from queueapp.upstream.messages import Revision
from queueapp.upstream.parsing import Json
from queueapp.upstream.responses import ambiguous_response, parse_response
from queueapp.upstream.transport import Request, Response, Transport
from queueapp.upstream.urls import Origin, normalize_base_url, normalize_key


class BaseClient:
    """A connection to one hub.

    `timeouts` are the seconds to connect and between two reads, `call_timeout` the seconds for a whole
    call without its upload. `clock` returns Unix time. `session` replaces the session that each thread
    otherwise gets. Raises ValueError, with a message for the admin, for an unusable address or key.
    """

    def __init__(
        self,
        base_url: str,
        key: str,
        *,
        namespace: str | None = None,
        revision: Revision | str = Revision.CLASSIC,
        timeouts: tuple[float, float] = (5.0, 30.0),
        call_timeout: float = CALL_TIMEOUT,
        max_response_bytes: int = MAX_RESPONSE_BYTES,
        session: requests.Session | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.base_url = normalize_base_url(base_url)
        self.namespace = namespace or None
        self.revision = Revision(revision)
        #: The hub's clock minus ours in seconds, to about one second, from its last response with a date.
        self.clock_offset: float | None = None
        #: Seconds that the last call took.
        self.latency: float | None = None
        self._call_timeout = call_timeout
        self._max_response_bytes = max_response_bytes
        self._transport = Transport(
            normalize_key(key), Origin.parse(self.base_url), timeouts=timeouts, clock=clock, session=session
        )
        self._redact = self._transport.redact

    def __repr__(self) -> str:
        return f"<Client {self.base_url} {self.revision} namespace={self.namespace!r}>"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the idle connections of all threads. The client can still be used."""
        self._transport.close()

    def _call(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, str | None] | None = None,
        body: bytes | None = None,
        fresh: bool = False,
    ) -> Response:
        headers = {"Accept": "application/json", "Accept-Encoding": "gzip, deflate"}
        if body is not None:
            headers["Content-Type"] = "application/json"
        present = {name: value for name, value in (query or {}).items() if value}
        response = self._transport.exchange(
            Request(method, self.base_url + path, present, headers, body),
            max_bytes=self._max_response_bytes,
            timeout=self._call_timeout + upload_seconds(len(body or b"")),
            fresh=fresh,
        )
        if response.clock_offset is not None:
            self.clock_offset = response.clock_offset
        self.latency = response.seconds
        return response

    def _parse(self, response: Response, *, may_be_missing: bool = False, creates: bool = False) -> Json:
        clock = self._transport.clock
        return parse_response(response, self._redact, clock, may_be_missing=may_be_missing, creates=creates)

    def _ambiguous(self, response: Response, message: str) -> AmbiguousResponse:
        return ambiguous_response(response, message, self._redact)
