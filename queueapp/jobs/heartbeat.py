"""Signs of life of a worker that waits for a hub: without them its keeper would take it for dead."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from django.db import DatabaseError
from django.db import connections as databases

from queueapp.services import coordination

#: Seconds between signs.
INTERVAL = 3.0


@contextmanager
def send_heartbeats(renew: Callable[[], object] = lambda: None) -> Iterator[None]:
    """Show, for as long as this lasts, that this worker works; `renew` is done with each sign."""
    done = threading.Event()
    thread = threading.Thread(target=_run, args=(done, renew), daemon=True, name="signs of life")
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()


def _run(done: threading.Event, renew: Callable[[], object]) -> None:
    try:
        while not done.wait(INTERVAL):
            _send(renew)
    finally:
        databases.close_all()


def _send(renew: Callable[[], object]) -> None:
    try:
        coordination.record_heartbeat(coordination.JOBS)
        renew()
    except DatabaseError:
        databases.close_all()  # What is renewed outlasts some signs that do not come through.
