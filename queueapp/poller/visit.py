"""One round of calls to one hub: what goes wrong with one thing must not keep the others waiting."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from queueapp.models import Connection
from queueapp.services.hubs import health
from queueapp.upstream.client import Client
from queueapp.upstream.errors import AmbiguousResponse, Busy, InvalidKey, Unreachable, UpstreamError

#: Seconds after which a round begins nothing new; what is left stays due.
TIME_LIMIT = 8.0
#: What concerns the whole hub: every other call would meet the same.
HUB_WIDE_ERRORS = (Unreachable, Busy, InvalidKey)


@dataclass
class Visit:
    """The state of one visit: the gravest `error` so far, and whether a complete list was received."""

    connection: Connection
    client: Client
    error: UpstreamError | None = None
    got_list: bool = False
    _until: float = field(default_factory=lambda: time.monotonic() + TIME_LIMIT)

    @property
    def out_of_time(self) -> bool:
        return time.monotonic() > self._until

    @property
    def hub_failed(self) -> bool:
        """Whether something concerned the whole hub."""
        return isinstance(self.error, HUB_WIDE_ERRORS)

    @contextmanager
    def continue_on_error(self) -> Iterator[None]:
        """What a hub answers in here to one question spares the rest of the round, unless it concerns all."""
        try:
            yield
        except UpstreamError as error:
            self.record(error)
            if isinstance(error, HUB_WIDE_ERRORS):
                raise

    def record(self, error: UpstreamError) -> None:
        """Remember an error, unless a graver one is known."""
        if self.error is None or _severity(error) > _severity(self.error):
            self.error = error

    def list_succeeded(self) -> None:
        """A list was answered as it should be."""
        self.got_list = True
        health.record_success(self.connection)
        health.record_clock_offset(self.connection, self.client.clock_offset)

    def finish(self) -> None:
        """Let the connection rest, or stop, after trouble; not for what concerns one thing alone."""
        if isinstance(self.error, InvalidKey):
            health.stop(self.connection, Connection.StopReason.KEY, self.error.message)
        unclear = isinstance(self.error, AmbiguousResponse) and not self.got_list
        if self.error is not None and (self.hub_failed or unclear):
            health.record_failure(self.connection, self.error.message, self.error.retry_after)


def _severity(error: UpstreamError) -> int:
    return 2 if isinstance(error, HUB_WIDE_ERRORS) else int(isinstance(error, AmbiguousResponse))
