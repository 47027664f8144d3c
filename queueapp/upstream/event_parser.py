"""Parse server-sent events (WHATWG HTML, 9.2) from chunks of bytes."""

import re
from collections.abc import Iterator

#: Characters of one event, and of one line of it.
MAX_EVENT_SIZE = 256 * 1024
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
#: A \r at the end of a chunk may be half of a \r\n, so it does not end a line yet.
_LINE_END = re.compile(rb"\r\n|\n|\r(?!\Z)")


class EventParser:
    """Turns chunks of any size into (type, data) pairs."""

    def __init__(self) -> None:
        self._unfinished_line = b""
        self._is_first_line = True
        self._reset()

    def _reset(self) -> None:
        self._type = ""
        self._data: list[str] = []
        self._size = 0

    def feed(self, chunk: bytes) -> Iterator[tuple[str, str]]:
        """Yield the events that end in this chunk. Raises ValueError for an event over MAX_EVENT_SIZE."""
        self._unfinished_line += chunk
        *lines, self._unfinished_line = _LINE_END.split(self._unfinished_line)
        for line in lines:
            yield from self._parse_line(line)
        self._check_size(len(self._unfinished_line))

    def _parse_line(self, line: bytes) -> Iterator[tuple[str, str]]:
        if self._is_first_line:
            line, self._is_first_line = line.removeprefix(_BYTE_ORDER_MARK), False
        if not line:
            if self._data:
                yield self._type or "message", "\n".join(self._data)
            self._reset()
            return
        name, _, value = line.decode("utf-8", "replace").partition(":")
        value = value.removeprefix(" ")
        if name == "event":
            self._type = value
        elif name == "data":
            self._check_size(len(value))
            self._size += len(value) + 1
            self._data.append(value)

    def _check_size(self, added: int) -> None:
        if self._size + added > MAX_EVENT_SIZE:
            raise ValueError("The event is too large.")
