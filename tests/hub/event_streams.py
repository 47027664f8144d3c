"""The streams of events that clients of the stand-in hub have open."""

import json
import queue
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any


class EventStreams:
    """Sends events to the open streams of a user, and to no other."""

    def __init__(self) -> None:
        self.lock = threading.RLock()
        #: Seconds between two comments on an idle stream.
        self.keep_alive = 15.0
        self.streams_ended = False
        self._streams: list[tuple[str, queue.Queue[str | None]]] = []

    @property
    def listeners(self) -> int:
        """Return the number of open streams."""
        return len(self._streams)

    def send_event(self, user: str, event_type: str, data: Mapping[str, Any]) -> None:
        self.send_text(user, f"event: {event_type}\ndata: {json.dumps(data)}\n\n")

    def send_text(self, user: str, text: str) -> None:
        """Send text on the streams of a user as it is."""
        with self.lock:
            for listener, texts in self._streams:
                if listener == user:
                    texts.put(text)

    def hang_up_streams(self) -> None:
        """End all open streams. Clients may open new ones."""
        with self.lock:
            for _, texts in self._streams:
                texts.put(None)

    def end_streams(self) -> None:
        """End all open streams, and every stream that is opened later."""
        with self.lock:
            self.streams_ended = True
            self.hang_up_streams()

    @contextmanager
    def open_stream(self, user: str) -> Iterator[Callable[[], str | None]]:
        """Open a stream, and return a function that waits for its next text: None at its end."""
        texts: queue.Queue[str | None] = queue.Queue()
        stream = (user, texts)
        with self.lock:
            if self.streams_ended:
                texts.put(None)
            self._streams.append(stream)

        def next_text() -> str | None:
            try:
                return texts.get(timeout=self.keep_alive)
            except queue.Empty:
                return ": keep-alive\n\n"

        try:
            yield next_text
        finally:
            with self.lock:
                self._streams.remove(stream)
