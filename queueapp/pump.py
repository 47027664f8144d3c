"""The loop that keeps generations moving. One runs at a time: the one that holds the lease."""

import logging
import os
import socket
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from django.utils import timezone

from queueapp import bells, lanes, release
from queueapp.backends import DEADLINE
from queueapp.lanes import Lanes
from queueapp.listener import Listeners
from queueapp.models import Connection
from queueapp.services import connections, generations, sending, workers

log = logging.getLogger(__name__)

#: Seconds between ticks when no bell rings.
PERIOD = 2.0
#: Seconds between looks at the bell, which other processes ring, too.
LISTEN = 0.2
#: Seconds between tries for a lease that somebody else holds.
STAND_BY = 0.5
#: Seconds that a pump stays on for its calls to hubs, and how many when everybody is asked to leave.
LAST_CALLS, HURRY = DEADLINE + 5.0, 1.5

Visit = Callable[[Connection], None]


def tick(fence: int, visit: Visit | None = None) -> None:
    """One round: see to each connection that has something to do, end what is too old.

    `visit` is how hubs are seen to, which takes as long as the hub does; by default, here and now.
    """
    for connection in connections.with_something_to_do():
        with _survived(f"connection {connection}"):
            if connection.kind == Connection.Kind.BUILTIN:
                _see_to_engine(connection, fence)
            elif visit:
                visit(connection)
            else:
                lanes.visit(connection, fence)
    with _survived("what is to be fetched"):
        bells.ring_for_downloads()
    with _survived("what is too old"):
        generations.expire(timezone.now())


def _see_to_engine(connection: Connection, fence: int) -> None:
    sending.hand_to_engine(connection)
    if connection.enabled:
        release.release(connection, fence)
    bells.ring_for_renders(connection)


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
    until: float = 0.0
    woken: threading.Event = field(default_factory=threading.Event)
    lanes: Lanes = field(init=False)
    listeners: Listeners = field(init=False)

    def __post_init__(self) -> None:
        self.lanes = Lanes(self.woken.set)
        self.listeners = Listeners(self.woken.set)

    def run(self, seconds: float) -> None:
        """Pump, or stand by, until the time is up, the lease is lost, or everybody is asked to leave."""
        try:
            self.until = time.monotonic() + seconds
            self._run()
        finally:
            self._leave()

    def _run(self) -> None:
        while self._stays():
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
            self.lanes.follow_up()
            self.woken.wait(LISTEN)
            self.woken.clear()

    def _stays(self) -> bool:
        """Whether to go on: beyond the time only for the answers of hubs, for a successor would have to
        call them lost. Everything else is seen to meanwhile."""
        now = time.monotonic()
        return not self.lost and (now < self.until or (self.lanes.busy and now < self.until + LAST_CALLS))

    def _tick(self, fence: int) -> None:
        self.lost = not workers.renew_lease(fence)
        if self.lost:
            return
        tick(fence, lambda connection: self._visit(connection, fence))
        self.next_tick = time.monotonic() + PERIOD

    def _visit(self, connection: Connection, fence: int) -> None:
        late = time.monotonic() > self.until
        if late and (connection.failures or connection.send_failures):
            return  # It may take long, and is the successor's.
        self.listeners.hear(connection)
        # A POST begun now might outlast this pump, and its successor would have to call it lost.
        self.lanes.visit(connection, fence, sends=not late)

    def _leave(self) -> None:
        """Hand over: a pump that lost its lease has a successor already and must not start another."""
        if self.fence is not None:
            self._finish_calls()
            self.listeners.leave()
        if self.fence is not None and not self.lost:
            workers.give_up_lease(self.fence)
        if not self.lost and not workers.stopping():
            workers.start_pump()

    def _finish_calls(self) -> None:
        """Asked to leave: give the hubs' answers a moment to arrive."""
        end = time.monotonic() + HURRY
        while self.lanes.busy and not self.lost and time.monotonic() < end:
            time.sleep(LISTEN)


def new_pump() -> Pump:
    return Pump(f"{socket.gethostname()}:{os.getpid()}:{uuid.uuid4().hex[:8]}")
