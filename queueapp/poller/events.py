"""Hearing a hub's events: they wake the pump, so that an ending is on the screen in under a second.

What is heard is a hint. Polling stays the truth, and finds what was told while nobody listened.
"""

import logging
import random
import threading
import time
from collections.abc import Callable

from django.db import DatabaseError
from django.db import connection as database

from queueapp.backends import get_client
from queueapp.encryption import DecryptionFailed
from queueapp.models import Connection
from queueapp.services import coordination
from queueapp.services.hubs import health
from queueapp.services.lifecycle import outcomes, pending_events, poll_schedule
from queueapp.states import State
from queueapp.upstream.errors import NotSupported, UpstreamError
from queueapp.upstream.messages import CompletionEvent
from queueapp.upstream.retry import backoff

log = logging.getLogger(__name__)

#: Seconds that a stream is heard on after the pump has left, so that its successor's is open by then.
OVERLAP = 3.0
#: Seconds: the longest pause between two tries to open a stream.
MAX_RETRY_DELAY = 60.0
#: Seconds after which a stream that ended was one; what ends sooner is opened less and less often.
STABLE_SECONDS = 15.0


class EventListeners:
    """A thread for each hub that tells events, for as long as one pump pumps; `wake` wakes that pump."""

    def __init__(self, wake: Callable[[], None]) -> None:
        self._wake = wake
        self._threads: dict[int, threading.Thread] = {}
        self._left: float | None = None

    def hear(self, connection: Connection) -> None:
        """Listen to this hub, unless somebody does already or it tells no events."""
        silent = connection.supports_events is False or connection.revision in (
            "",
            Connection.Revision.CLASSIC,
        )
        thread = self._threads.get(connection.pk)
        if silent or connection.stop_reason or (thread and thread.is_alive()):
            return
        thread = threading.Thread(
            target=_listen,
            args=(connection.pk, self._stopping, self._wake),
            daemon=True,
            name=f"events of {connection}",
        )
        self._threads[connection.pk] = thread
        thread.start()

    def leave(self) -> None:
        """Stop listening in a little while."""
        self._left = time.monotonic()

    def _stopping(self) -> bool:
        return self._left is not None and time.monotonic() > self._left + OVERLAP


def _listen(connection_id: int, stopping: Callable[[], bool], wake: Callable[[], None]) -> None:
    failures = 0
    while not stopping():
        began = time.monotonic()
        try:
            connection = Connection.objects.filter(pk=connection_id, stop_reason="").first()
            if connection is None or not _read_stream(connection, stopping, wake):
                break
        except (DecryptionFailed, ValueError):
            break  # A visit stops the connection for it, and tells the admin.
        except DatabaseError:
            log.exception("What a hub told could not be written down.")
        finally:
            database.close()
        failures = 0 if time.monotonic() - began > STABLE_SECONDS else failures + 1
        _wait(backoff(failures, random.random, longest=MAX_RETRY_DELAY), stopping)


def _read_stream(connection: Connection, stopping: Callable[[], bool], wake: Callable[[], None]) -> bool:
    """Listen until the stream ends; False for a hub that has none."""
    try:
        with get_client(connection).open_events(stopping) as stream:
            if not stopping():
                health.set_supports_events(connection, True)
                # What was told before the stream was open is lost: the lists are asked once.
                poll_schedule.poll_all_now(connection)
                coordination.wake_poller()
            for event in stream:
                record_event(connection, event)
                database.close()
                wake()
    except NotSupported:
        health.set_supports_events(connection, False)
        return False
    except UpstreamError:
        pass
    return True


def record_event(connection: Connection, event: CompletionEvent) -> None:
    """Take down what one event tells, and wake the pump."""
    ending = {"state": event.state or "", "url": event.url or "", "error": event.error or ""}
    if event.error and not event.state:
        ending["state"] = State.FAILED.value
    # Kept first: whoever is writing this name down now asks for it afterwards.
    pending_events.add(connection.pk, event.id, ending)
    generation = poll_schedule.record_completion_event(connection, event.id, ending)
    if generation is None:
        return
    pending_events.pop(connection.pk, event.id)
    if generation.state == State.FINISHED:
        outcomes.record_late_completion(generation)
    else:
        coordination.wake_poller()


def _wait(seconds: float, stopping: Callable[[], bool]) -> None:
    until = time.monotonic() + seconds
    while time.monotonic() < until and not stopping():
        time.sleep(0.2)
