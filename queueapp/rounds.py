"""One round of calls to one hub: what goes wrong with one thing must not keep the others waiting."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from queueapp.models import Connection
from queueapp.services import connections
from queueapp.upstream import BadKey, Busy, Client, Unclear, Unreachable, UpstreamError

#: Seconds after which a round begins nothing new; what is left stays due.
LONGEST = 8.0
#: What concerns the whole hub: every other call would meet the same.
WHOLE = (Unreachable, Busy, BadKey)


@dataclass
class Round:
    """The calls of one round. `error` is the gravest that something met, `well` whether a list came whole."""

    connection: Connection
    client: Client
    error: UpstreamError | None = None
    well: bool = False
    _until: float = field(default_factory=lambda: time.monotonic() + LONGEST)

    @property
    def over(self) -> bool:
        return time.monotonic() > self._until

    @property
    def hopeless(self) -> bool:
        """Whether something concerned the whole hub."""
        return isinstance(self.error, WHOLE)

    @contextmanager
    def spared(self) -> Iterator[None]:
        """What a hub answers in here to one question spares the rest of the round, unless it concerns all."""
        try:
            yield
        except UpstreamError as error:
            self.met(error)
            if isinstance(error, WHOLE):
                raise

    def met(self, error: UpstreamError) -> None:
        """Remember an error, unless a graver one is known."""
        if self.error is None or _gravity(error) > _gravity(self.error):
            self.error = error

    def went_well(self) -> None:
        """A list was answered as it should be."""
        self.well = True
        connections.went_well(self.connection)
        connections.clock_is(self.connection, self.client.clock_difference)

    def settle(self) -> None:
        """Let the connection rest, or stop, after trouble; not for what concerns one thing alone."""
        if isinstance(self.error, BadKey):
            connections.stop(self.connection, Connection.Stop.KEY, self.error.message)
        unclear = isinstance(self.error, Unclear) and not self.well
        if self.error is not None and (self.hopeless or unclear):
            connections.went_badly(self.connection, self.error.message, self.error.retry_after)


def _gravity(error: UpstreamError) -> int:
    return 2 if isinstance(error, WHOLE) else int(isinstance(error, Unclear))
