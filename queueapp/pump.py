"""The loop that keeps generations moving. One runs at a time: the one that holds the lease."""

import logging
import os
import socket
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from django.utils import timezone

from queueapp import poller, release
from queueapp.models import Connection
from queueapp.services import generations, workers

log = logging.getLogger(__name__)

#: Seconds between ticks when no bell rings.
PERIOD = 2.0
#: Seconds between looks at the bell.
LISTEN = 0.2
#: Seconds between tries for a lease that somebody else holds.
STAND_BY = 0.5


def tick(fence: int) -> None:
    """One round: look after what is at work, let go what fits, end what is too old."""
    for connection in Connection.objects.order_by("-priority", "pk"):
        with _survived(f"connection {connection}"):
            if connection.enabled:
                release.release(connection, fence)
            poller.look_after(connection)
    with _survived("what is too old"):
        generations.expire(timezone.now())


@contextmanager
def _survived(what: str) -> Iterator[None]:
    """What breaks at one place is logged, and is done again in the next round; the others go on."""
    try:
        yield
    except Exception:
        log.exception("The pump could not see to %s.", what)


@dataclass
class Pump:
    """One worker's turn at being the pump, or at standing by to be it."""

    holder: str
    fence: int | None = None
    heard: int = -1
    next_tick: float = 0.0
    lost: bool = False

    def run(self, seconds: float) -> None:
        """Pump, or stand by, until the time is up, the lease is lost, or everybody is asked to leave."""
        try:
            self._run(time.monotonic() + seconds)
        finally:
            self._leave()

    def _run(self, until: float) -> None:
        while time.monotonic() < until and not self.lost:
            row = workers.pump_row()
            if row.stopping_until and row.stopping_until > timezone.now():
                break
            if self.fence is None:
                self.fence = workers.take_lease(self.holder)
            if self.fence is None:
                time.sleep(STAND_BY)
                continue
            if row.bells != self.heard or time.monotonic() >= self.next_tick:
                self.heard = row.bells
                self._tick(self.fence)
            time.sleep(LISTEN)

    def _tick(self, fence: int) -> None:
        if not workers.renew_lease(fence):
            self.lost = True
            return
        tick(fence)
        self.next_tick = time.monotonic() + PERIOD

    def _leave(self) -> None:
        """Hand over: a pump that lost its lease has a successor already and must not start another."""
        if self.fence is not None and not self.lost:
            workers.give_up_lease(self.fence)
        if not self.lost and not workers.stopping():
            workers.start_pump()


def new_pump() -> Pump:
    return Pump(f"{socket.gethostname()}:{os.getpid()}:{uuid.uuid4().hex[:8]}")
