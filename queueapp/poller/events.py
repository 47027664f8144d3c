"""Listen to hubs' completion events and wake the poller, so that results appear within a second.

An event is a hint. Polling confirms it, and finds what was missed while no stream was open.
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

#: Seconds that streams stay open after their poller has stopped: by then its successor has opened its own.
OVERLAP = 3.0
#: Seconds: the longest pause between attempts to open a stream.
MAX_RETRY_DELAY = 60.0
#: Seconds after which a stream counts as opened. One that ends sooner is reopened after longer and longer.
STABLE_SECONDS = 15.0


class EventListeners:
    """The event streams of one poller, each with a thread. `wake` is called after each event."""

    def __init__(self, wake: Callable[[], None]) -> None:
        self._wake = wake
        self._threads: dict[int, threading.Thread] = {}
        self._stopped_at: float | None = None

    def listen(self, connection: Connection) -> None:
        """Open the event stream of a hub, unless it is open, or the hub has none or is stopped."""
        thread = self._threads.get(connection.pk)
        if connection.stop_reason or not _may_have_events(connection) or (thread and thread.is_alive()):
            return
        thread = threading.Thread(
            target=_listen,
            args=(connection.pk, self._is_stopped, self._wake),
            daemon=True,
            name=f"events of {connection}",
        )
        self._threads[connection.pk] = thread
        thread.start()

    def stop(self) -> None:
        """Close all streams after OVERLAP seconds. Return at once."""
        self._stopped_at = time.monotonic()

    def _is_stopped(self) -> bool:
        return self._stopped_at is not None and time.monotonic() > self._stopped_at + OVERLAP


def _may_have_events(connection: Connection) -> bool:
    without_events = ("", Connection.Revision.CLASSIC)
    return connection.supports_events is not False and connection.revision not in without_events


def _listen(connection_id: int, is_stopped: Callable[[], bool], wake: Callable[[], None]) -> None:
    failures = 0
    while not is_stopped():
        started = time.monotonic()
        try:
            connection = Connection.objects.filter(pk=connection_id, stop_reason="").first()
            if connection is None or not _read_stream(connection, is_stopped, wake):
                break
        except (DecryptionFailed, ValueError):
            break  # The next visit stops the connection, with a message for the admin.
        except DatabaseError:
            log.exception("Connection %s: an event could not be recorded.", connection_id)
        finally:
            database.close()
        failures = 0 if time.monotonic() - started > STABLE_SECONDS else failures + 1
        _wait(backoff(failures, random.random, longest=MAX_RETRY_DELAY), is_stopped)


def _read_stream(connection: Connection, is_stopped: Callable[[], bool], wake: Callable[[], None]) -> bool:
    """Record events until the stream ends. Return False if the hub has no stream."""
    try:
        with get_client(connection).open_events(is_stopped) as stream:
            if not is_stopped():
                health.set_supports_events(connection, True)
                # Events from before the stream was open are lost, so poll everything once.
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
    """Record a completion event, and wake the poller if it is about a running generation."""
    ending = {"state": event.state or "", "url": event.url or "", "error": event.error or ""}
    if event.error and not event.state:
        ending["state"] = State.FAILED.value
    # Before the lookup: a thread that stores this id at the same moment then finds the event here.
    pending_events.add(connection.pk, event.id, ending)
    generation = poll_schedule.record_completion_event(connection, event.id, ending)
    if generation is None:
        return
    pending_events.pop(connection.pk, event.id)
    if generation.state == State.FINISHED:
        outcomes.record_late_completion(generation)
    else:
        coordination.wake_poller()


def _wait(seconds: float, is_stopped: Callable[[], bool]) -> None:
    """Wait in short steps: streams stop at a time, not at an event that could end the wait."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline and not is_stopped():
        time.sleep(0.2)
