"""Limit a visit to one hub in time, and collect the errors of its calls."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from queueapp.models import Connection
from queueapp.services.hubs import health
from queueapp.upstream.client import Client
from queueapp.upstream.errors import AmbiguousResponse, Busy, InvalidKey, Unreachable, UpstreamError

#: Seconds after which a visit starts nothing new. The rest stays due for the next visit.
TIME_LIMIT = 8.0
#: Errors that concern the whole hub: every other call would meet the same.
HUB_WIDE_ERRORS = (Unreachable, Busy, InvalidKey)


@dataclass
class Visit:
    """A time-limited series of calls to one hub.

    A failed call leaves the others running, unless its error concerns the whole hub. `error` is the most
    severe error so far; `has_complete_list` is True once the hub has sent a complete list.
    """

    connection: Connection
    client: Client
    error: UpstreamError | None = None
    has_complete_list: bool = False
    _deadline: float = field(default_factory=lambda: time.monotonic() + TIME_LIMIT)

    @property
    def out_of_time(self) -> bool:
        return time.monotonic() > self._deadline

    @property
    def hub_failed(self) -> bool:
        """Return whether an error concerned the whole hub."""
        return isinstance(self.error, HUB_WIDE_ERRORS)

    @contextmanager
    def continue_on_error(self) -> Iterator[None]:
        """Record an error of the block. Raise it again only if it concerns the whole hub."""
        try:
            yield
        except UpstreamError as error:
            self.record(error)
            if isinstance(error, HUB_WIDE_ERRORS):
                raise

    def record(self, error: UpstreamError) -> None:
        """Keep an error, unless a more severe one is known."""
        if self.error is None or _severity(error) > _severity(self.error):
            self.error = error

    def list_succeeded(self) -> None:
        """Record that the hub has sent a complete list."""
        self.has_complete_list = True
        health.record_success(self.connection)
        health.record_clock_offset(self.connection, self.client.clock_offset)

    def finish(self) -> None:
        """Stop the connection if its key failed; pause it if the hub failed, or sent nothing usable."""
        if isinstance(self.error, InvalidKey):
            health.stop(self.connection, Connection.StopReason.KEY, self.error.message)
        unusable = isinstance(self.error, AmbiguousResponse) and not self.has_complete_list
        if self.error is not None and (self.hub_failed or unusable):
            health.record_failure(self.connection, self.error.message, self.error.retry_after)


def _severity(error: UpstreamError) -> int:
    return 2 if isinstance(error, HUB_WIDE_ERRORS) else int(isinstance(error, AmbiguousResponse))
