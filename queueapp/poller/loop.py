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

from queueapp.backends import CALL_TIMEOUT
from queueapp.models import Connection
from queueapp.poller import dispatch, release, threads
from queueapp.poller.events import EventListeners
from queueapp.poller.threads import HubThreads
from queueapp.services import coordination, generations
from queueapp.services.hubs.connections import connections_with_work
from queueapp.services.lifecycle import submitting

log = logging.getLogger(__name__)

#: Seconds between ticks when no bell rings.
TICK_INTERVAL = 2.0
#: Seconds between looks at the bell, which other processes ring, too.
WAKEUP_CHECK_INTERVAL = 0.2
#: Seconds between tries for a lease that somebody else holds.
STANDBY_INTERVAL = 0.5
#: Seconds that a pump stays on for its calls to hubs, and how many when everybody is asked to leave.
MAX_OVERTIME, STOP_GRACE = CALL_TIMEOUT + 5.0, 1.5

VisitHub = Callable[[Connection], None]


def tick(fence: int, visit: VisitHub | None = None) -> None:
    """One round: see to each connection that has something to do, end what is too old.

    `visit` is how hubs are seen to, which takes as long as the hub does; by default, here and now.
    """
    for connection in connections_with_work():
        with _log_errors(f"connection {connection}"):
            if connection.kind == Connection.Kind.BUILTIN:
                _release_to_engine(connection, fence)
            elif visit:
                visit(connection)
            else:
                threads.visit_hub(connection, fence)
    with _log_errors("what is to be fetched"):
        dispatch.dispatch_downloads()
    with _log_errors("what is too old"):
        generations.expire_old(timezone.now())


def _release_to_engine(connection: Connection, fence: int) -> None:
    submitting.finish_engine_handover(connection)
    if connection.enabled:
        release.release_submissions(connection, fence)
    dispatch.dispatch_renders(connection)


@contextmanager
def _log_errors(what: str) -> Iterator[None]:
    """What breaks at one place is logged, and is done again in the next round; the others go on."""
    try:
        yield
    except Exception:
        log.exception("The pump could not see to %s.", what)


@dataclass
class PollerLoop:
    """One worker's turn at being the pump, or at standing by to be it."""

    holder: str
    fence: int | None = None
    heard: int = -1
    next_tick: float = 0.0
    lost: bool = False
    until: float = 0.0
    woken: threading.Event = field(default_factory=threading.Event)
    threads: HubThreads = field(init=False)
    listeners: EventListeners = field(init=False)

    def __post_init__(self) -> None:
        self.lanes = HubThreads(self.woken.set)
        self.listeners = EventListeners(self.woken.set)

    def run(self, seconds: float) -> None:
        """Pump, or stand by, until the time is up, the lease is lost, or everybody is asked to leave."""
        try:
            self.until = time.monotonic() + seconds
            self._run()
        finally:
            self._leave()

    def _run(self) -> None:
        while self._stays():
            row = coordination.poller_lease()
            if row.stop_requested_until and row.stop_requested_until > timezone.now():
                break
            if self.fence is None:
                self.fence = coordination.acquire_lease(self.holder)
            if self.fence is None:
                time.sleep(STANDBY_INTERVAL)
                continue
            if row.wakeups != self.heard or time.monotonic() >= self.next_tick:
                self.heard = row.wakeups
                self._tick(self.fence)
            self.lanes.follow_up()
            self.woken.wait(WAKEUP_CHECK_INTERVAL)
            self.woken.clear()

    def _stays(self) -> bool:
        """Whether to go on: beyond the time only for the answers of hubs, for a successor would have to
        call them lost. Everything else is seen to meanwhile."""
        now = time.monotonic()
        return not self.lost and (now < self.until or (self.lanes.busy and now < self.until + MAX_OVERTIME))

    def _tick(self, fence: int) -> None:
        self.lost = not coordination.renew_lease(fence)
        if self.lost:
            return
        tick(fence, lambda connection: self._visit(connection, fence))
        self.next_tick = time.monotonic() + TICK_INTERVAL

    def _visit(self, connection: Connection, fence: int) -> None:
        late = time.monotonic() > self.until
        if late and (connection.consecutive_failures or connection.submit_failures):
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
            coordination.release_lease(self.fence)
        if not self.lost and not coordination.is_stop_requested():
            coordination.start_poller()

    def _finish_calls(self) -> None:
        """Asked to leave: give the hubs' answers a moment to arrive."""
        end = time.monotonic() + STOP_GRACE
        while self.lanes.busy and not self.lost and time.monotonic() < end:
            time.sleep(WAKEUP_CHECK_INTERVAL)


def new_poller_loop() -> PollerLoop:
    return PollerLoop(f"{socket.gethostname()}:{os.getpid()}:{uuid.uuid4().hex[:8]}")
