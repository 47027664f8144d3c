"""Run the poller loop: one worker at a time, the one that holds the poller lease."""

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
from queueapp.poller import fair_scheduling, job_tasks, steps
from queueapp.poller.events import EventListeners
from queueapp.poller.threads import HubThreads
from queueapp.services import coordination, generations
from queueapp.services.hubs.connections import connections_with_work
from queueapp.services.lifecycle import crash_recovery

log = logging.getLogger(__name__)

#: Seconds between ticks without a wake-up.
TICK_INTERVAL = 2.0
#: Seconds between looks at the lease row, in which every process can wake the poller.
WAKEUP_CHECK_INTERVAL = 0.2
#: Seconds between attempts to acquire a lease that another worker holds.
STANDBY_INTERVAL = 0.5
#: Seconds for which a poller whose time is up still waits for the hubs' responses.
MAX_OVERTIME = CALL_TIMEOUT + 5.0
#: The same in seconds when all pollers are asked to stop.
STOP_GRACE = 1.5

VisitHub = Callable[[Connection, int], None]


def tick(fence: int, visit_hub: VisitHub = steps.visit_hub) -> None:
    """Do what is due: release to the built-in engine, visit hubs, dispatch downloads, expire generations.

    `visit_hub` visits a hub or requests the visit; the default makes the visit here and waits for the hub.
    """
    for connection in connections_with_work():
        with _log_errors(f"serving connection {connection}"):
            if connection.kind == Connection.Kind.BUILTIN:
                _release_to_engine(connection, fence)
            else:
                visit_hub(connection, fence)
    with _log_errors("dispatching downloads"):
        job_tasks.dispatch_downloads()
    with _log_errors("expiring generations"):
        generations.expire_old(timezone.now())


def _release_to_engine(connection: Connection, fence: int) -> None:
    crash_recovery.finish_engine_handover(connection)
    if connection.enabled:
        fair_scheduling.release_submissions(connection, fence)
    job_tasks.dispatch_renders(connection)


@contextmanager
def _log_errors(activity: str) -> Iterator[None]:
    """Log an error and continue: the next tick tries the activity again."""
    try:
        yield
    except Exception:
        log.exception("Poller: %s failed.", activity)


@dataclass
class PollerLoop:
    """One run of the poller in one worker: it holds the lease and ticks, or stands by until it can.

    `deadline` and `next_tick` are times of `time.monotonic()`.
    """

    holder: str
    fence: int | None = None
    lease_lost: bool = False
    deadline: float = 0.0
    next_tick: float = 0.0
    seen_wakeups: int = -1
    woken: threading.Event = field(default_factory=threading.Event)
    hub_threads: HubThreads = field(init=False)
    listeners: EventListeners = field(init=False)

    def __post_init__(self) -> None:
        self.hub_threads = HubThreads(self.woken.set)
        self.listeners = EventListeners(self.woken.set)

    def run(self, seconds: float) -> None:
        """Tick or stand by until the time is up, the lease is lost, or all pollers are asked to stop."""
        try:
            self.deadline = time.monotonic() + seconds
            self._run()
        finally:
            self._hand_over()

    def _run(self) -> None:
        while self._should_continue():
            lease = coordination.poller_lease()
            if lease.stop_requested_until and lease.stop_requested_until > timezone.now():
                break
            if self.fence is None:
                self.fence = coordination.acquire_lease(self.holder)
            if self.fence is None:
                time.sleep(STANDBY_INTERVAL)
                continue
            if lease.wakeups != self.seen_wakeups or time.monotonic() >= self.next_tick:
                self.seen_wakeups = lease.wakeups
                self._tick(self.fence)
            self.hub_threads.start_requested()
            self.woken.wait(WAKEUP_CHECK_INTERVAL)
            self.woken.clear()

    def _should_continue(self) -> bool:
        """Return whether time is left, or a hub still has to respond.

        A successor would have to mark an unfinished POST as uncertain. All other work goes on meanwhile.
        """
        now = time.monotonic()
        waits_for_hub = self.hub_threads.busy and now < self.deadline + MAX_OVERTIME
        return not self.lease_lost and (now < self.deadline or waits_for_hub)

    def _tick(self, fence: int) -> None:
        self.lease_lost = not coordination.renew_lease(fence)
        if not self.lease_lost:
            tick(fence, self._request_visit)
            self.next_tick = time.monotonic() + TICK_INTERVAL

    def _request_visit(self, connection: Connection, fence: int) -> None:
        in_overtime = time.monotonic() > self.deadline
        if in_overtime and (connection.consecutive_failures or connection.submit_failures):
            return  # The visit could take long. The next poller makes it.
        self.listeners.listen(connection)
        # In overtime nothing new is released: a POST could outlast this poller and become uncertain.
        self.hub_threads.visit(connection, fence, may_release=not in_overtime)

    def _hand_over(self) -> None:
        """Release the lease and start the next poller, unless one has taken the lease already."""
        if not self.lease_lost:
            self._wait_for_visits()
        self.listeners.stop()
        if self.lease_lost:
            return
        if self.fence is not None:
            coordination.release_lease(self.fence)
        if not coordination.is_stop_requested():
            coordination.start_poller()

    def _wait_for_visits(self) -> None:
        """Give the hubs a moment to respond."""
        grace_ends = time.monotonic() + STOP_GRACE
        while self.hub_threads.busy and time.monotonic() < grace_ends:
            time.sleep(WAKEUP_CHECK_INTERVAL)


def new_poller_loop() -> PollerLoop:
    """Return a poller loop whose holder name is unique."""
    return PollerLoop(f"{socket.gethostname()}:{os.getpid()}:{uuid.uuid4().hex[:8]}")
