"""The stream of endings: server-sent events (WHATWG HTML, 9.2), read until somebody says stop."""

import re
from collections.abc import Callable, Iterator
from types import TracebackType

from queueapp.upstream.errors import AmbiguousResponse, NotSupported, UpstreamError
from queueapp.upstream.messages import CompletionEvent
from queueapp.upstream.parsing import parse_json
from queueapp.upstream.responses import error_from
from queueapp.upstream.transport import CHUNK_SIZE, NETWORK_ERRORS, Response, Transport, lost_response

#: The one type of event that is read; others share the stream and are passed over.
COMPLETED = "media_generation_completed"
#: Characters of one event, and of one line of it.
MAX_EVENT_BYTES = 256 * 1024

_LINE_END = re.compile(rb"\r\n|\n|\r(?!\Z)")


class EventParser:
    """Bytes in pieces of any size to (type, data) pairs. ValueError for an event without end."""

    def __init__(self) -> None:
        self._rest = b""
        self._kind = ""
        self._data: list[str] = []
        self._size = 0
        self._begun = False

    def feed(self, piece: bytes) -> Iterator[tuple[str, str]]:
        self._rest += piece
        *lines, self._rest = _LINE_END.split(self._rest)
        for line in lines:
            yield from self._take(line)
        self._bound(len(self._rest))

    def _bound(self, more: int) -> None:
        if self._size + more > MAX_EVENT_BYTES:
            raise ValueError("an event without end")

    def _take(self, line: bytes) -> Iterator[tuple[str, str]]:
        if not self._begun:
            line, self._begun = line.removeprefix(b"\xef\xbb\xbf"), True
        if not line:
            if self._data:
                yield self._kind or "message", "\n".join(self._data)
            self._kind, self._data, self._size = "", [], 0
            return
        name, _, value = line.decode("utf-8", "replace").partition(":")
        value = value.removeprefix(" ")
        if name == "event":
            self._kind = value
        elif name == "data":
            self._bound(len(value))
            self._size += len(value) + 1
            self._data.append(value)


class EventStream:
    """An open stream. Iterating gives CompletionEvents; a context manager, and closed at the end."""

    def __init__(self, transport: Transport, url: str, stop: Callable[[], bool], silence: float) -> None:
        self._transport, self._stop, self._silence = transport, stop, silence
        self._response = None
        headers = {"Accept": "text/event-stream", "Accept-Encoding": "identity", "Cache-Control": "no-cache"}
        try:
            self._response = transport.open(
                "GET", url, seconds=None, headers=headers, pause=silence, stop=stop
            )
            self._check()
        except UpstreamError:
            self.close()
            if not stop():
                raise

    def _check(self) -> None:
        assert self._response is not None  # noqa: S101
        status, headers = self._response.status_code, self._response.headers
        if status in (404, 405):
            raise NotSupported("This hub tells no events.", status=status)
        if status != 200:
            # Its body is not read: on a stream without an end nothing would bound it.
            answer = Response(status, headers, b"", None, 0.0)
            raise error_from(answer, None, self._transport.clean, self._transport.clock, missing=False)
        if not headers.get("Content-Type", "").lower().startswith("text/event-stream"):
            raise AmbiguousResponse("The answer is not a stream of events.", status=status)

    def __enter__(self) -> "EventStream":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        if self._response is not None:
            self._response.close()
            self._response = None

    def __iter__(self) -> Iterator[CompletionEvent]:
        """Endings until `stop`; raises Unclear when the stream breaks off, falls silent or makes no sense."""
        parser = EventParser()
        while piece := self._piece():
            try:
                told = list(parser.feed(piece))
            except ValueError:
                told = None
            if told is None:
                raise AmbiguousResponse("The stream of events makes no sense.")
            for kind, data in told:
                if kind == COMPLETED and (event := self._read(data)) is not None:
                    yield event

    def _read(self, data: str) -> CompletionEvent | None:
        try:
            return CompletionEvent.read(parse_json(data), self._transport.clean)
        except ValueError:
            return None  # One broken event says nothing; polling finds what it meant.

    def _piece(self) -> bytes:
        """The next bytes; none when asked to stop. Raises Unclear at the end of the stream."""
        if self._response is None or self._stop():
            return b""
        failure = AmbiguousResponse("The stream of events ended.")
        try:
            if piece := self._response.raw.read1(CHUNK_SIZE, decode_content=True):
                return bytes(piece)
        except NETWORK_ERRORS as error:
            failure = lost_response(error, self._transport.origin.netloc, self._silence)
        if self._stop():
            return b""
        raise failure
