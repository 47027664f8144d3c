"""Read a hub's stream of completion events until the caller stops."""

from collections.abc import Callable, Iterator
from types import TracebackType

import requests

from queueapp.upstream.errors import AmbiguousResponse, NotSupported, UpstreamError
from queueapp.upstream.event_parser import EventParser
from queueapp.upstream.messages import CompletionEvent
from queueapp.upstream.network_errors import NETWORK_ERRORS, lost_response
from queueapp.upstream.parsing import parse_json
from queueapp.upstream.responses import response_error
from queueapp.upstream.transport import CHUNK_SIZE, Request, Response, Transport

#: The type of event that is read. Other types share the stream and are ignored.
COMPLETED = "media_generation_completed"
_HEADERS = {"Accept": "text/event-stream", "Accept-Encoding": "identity", "Cache-Control": "no-cache"}


class EventStream:
    """An open stream. Iterate over it to get CompletionEvents, and close it or use it in a `with`."""

    def __init__(
        self, transport: Transport, url: str, should_stop: Callable[[], bool], read_timeout: float
    ) -> None:
        self._transport, self._should_stop, self._read_timeout = transport, should_stop, read_timeout
        self._response: requests.Response | None = None
        try:
            self._response = transport.open(
                Request("GET", url, headers=_HEADERS),
                timeout=None,
                read_timeout=read_timeout,
                should_stop=should_stop,
            )
            self._check(self._response)
        except UpstreamError:
            self.close()
            if not should_stop():
                raise

    def _check(self, response: requests.Response) -> None:
        """Raise the error for a response that is not a stream of events."""
        status = response.status_code
        if status in (404, 405):
            raise NotSupported("This hub has no event stream.", status=status)
        if status != 200:
            # The body is not read, because nothing limits its length on a stream.
            empty = Response(status, response.headers, b"", None, 0.0)
            redact, clock = self._transport.redact, self._transport.clock
            raise response_error(empty, None, redact, clock, may_be_missing=False)
        if not response.headers.get("Content-Type", "").lower().startswith("text/event-stream"):
            raise AmbiguousResponse("The response is not a stream of events.", status=status)

    def __enter__(self) -> "EventStream":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the connection. Iterating ends without an error."""
        if self._response is not None:
            self._response.close()
            self._response = None

    def __iter__(self) -> Iterator[CompletionEvent]:
        """Yield events until the caller stops.

        Raises AmbiguousResponse when the stream breaks, is silent for too long or cannot be parsed.
        """
        parser = EventParser()
        while chunk := self._read_chunk():
            events: list[tuple[str, str]] | None
            try:
                events = list(parser.feed(chunk))
            except ValueError:
                events = None
            if events is None:
                raise AmbiguousResponse("The stream of events cannot be parsed.")
            for event_type, data in events:
                if event_type == COMPLETED and (event := self._parse_event(data)) is not None:
                    yield event

    def _parse_event(self, data: str) -> CompletionEvent | None:
        """Return the event, or None if it cannot be parsed: polling finds what it meant."""
        try:
            return CompletionEvent.parse(parse_json(data), self._transport.redact)
        except ValueError:
            return None

    def _read_chunk(self) -> bytes:
        """Return the next bytes, or none once the caller stops. Raise AmbiguousResponse at the end."""
        if self._response is None or self._should_stop():
            return b""
        failure = AmbiguousResponse("The stream of events ended.")
        try:
            if chunk := self._response.raw.read1(CHUNK_SIZE, decode_content=True):
                return bytes(chunk)
        except NETWORK_ERRORS as error:
            origin, redact = self._transport.origin, self._transport.redact
            failure = lost_response(error, origin, self._read_timeout, redact)
        if self._should_stop():
            return b""
        raise failure
