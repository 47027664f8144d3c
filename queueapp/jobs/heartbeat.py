"""Send heartbeats while a worker waits for a hub, so that the supervisor does not restart its cluster."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from django.db import DatabaseError
from django.db import connections as databases

from queueapp.services import coordination

#: Seconds between heartbeats.
INTERVAL = 3.0


@contextmanager
def send_heartbeats(renew_lease: Callable[[], object] = lambda: None) -> Iterator[None]:
    """Send heartbeats of the job workers during the block. Call `renew_lease` with each of them."""
    finished = threading.Event()
    thread = threading.Thread(target=_run, args=(finished, renew_lease), daemon=True, name="heartbeats")
    thread.start()
    try:
        yield
    finally:
        finished.set()
        thread.join()


def _run(finished: threading.Event, renew_lease: Callable[[], object]) -> None:
    try:
        while not finished.wait(INTERVAL):
            _send(renew_lease)
    finally:
        databases.close_all()


def _send(renew_lease: Callable[[], object]) -> None:
    try:
        coordination.record_heartbeat(coordination.JOBS)
        renew_lease()
    except DatabaseError:
        databases.close_all()  # A lease outlasts several failed renewals.
