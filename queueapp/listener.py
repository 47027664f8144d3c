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

from queueapp.backends import client_of
from queueapp.models import Connection
from queueapp.sealing import Undecryptable
from queueapp.services import connections, endings, untold, watching, workers
from queueapp.states import State
from queueapp.upstream import CompletionEvent, NotOffered, UpstreamError, backoff

log = logging.getLogger(__name__)

#: Seconds that a stream is heard on after the pump has left, so that its successor's is open by then.
OVERLAP = 3.0
#: Seconds: the longest pause between two tries to open a stream.
LONGEST_PAUSE = 60.0


class Listeners:
    """A thread for each hub that tells events, for as long as one pump pumps."""

    def __init__(self) -> None:
        self._threads: dict[int, threading.Thread] = {}
        self._left: float | None = None

    def hear(self, connection: Connection) -> None:
        """Listen to this hub, unless somebody does already or it tells no events."""
        silent = connection.has_events is False or connection.revision in ("", Connection.Revision.CLASSIC)
        thread = self._threads.get(connection.pk)
        if silent or connection.stopped or (thread and thread.is_alive()):
            return
        thread = threading.Thread(
            target=_listen, args=(connection, self._stopping), daemon=True, name=f"events of {connection}"
        )
        self._threads[connection.pk] = thread
        thread.start()

    def leave(self) -> None:
        """Stop listening in a little while."""
        self._left = time.monotonic()

    def _stopping(self) -> bool:
        return self._left is not None and time.monotonic() > self._left + OVERLAP


def _listen(connection: Connection, stopping: Callable[[], bool]) -> None:
    failures = 0
    while not stopping():
        try:
            heard = _hear_one_stream(connection, stopping)
        except (NotOffered, ValueError):
            connections.tells_events(connection, False)
            break
        except Undecryptable:
            break  # A visit stops the connection for it, and tells the admin.
        except DatabaseError:
            log.exception("What %s told could not be written down.", connection)
            heard = False
        finally:
            database.close()
        failures = 0 if heard else failures + 1
        _rest(backoff(failures, random.random, longest=LONGEST_PAUSE), stopping)


def _hear_one_stream(connection: Connection, stopping: Callable[[], bool]) -> bool:
    """Listen until the stream ends; whether it was open. NotOffered from a hub that has none."""
    opened = False
    try:
        with client_of(connection).events(stopping) as stream:
            opened = not stopping()
            if opened:
                connections.tells_events(connection, True)
                # What was told before the stream was open is lost: the lists are asked once.
                watching.look_now(connection)
                workers.ring()
            for event in stream:
                hear(connection, event)
                database.close()
    except NotOffered:
        raise
    except UpstreamError:
        pass
    return opened


def hear(connection: Connection, event: CompletionEvent) -> None:
    """Take down what one event tells, and wake the pump."""
    ending = {"state": event.state or "", "url": event.url or "", "error": event.error or ""}
    if event.error and not event.state:
        ending["state"] = State.FAILED.value
    # Kept first: whoever is writing this name down now asks for it afterwards.
    untold.keep(connection.pk, event.id, ending)
    generation = watching.tell(connection, event.id, ending)
    if generation is None:
        return
    untold.take(connection.pk, event.id)
    if generation.state == State.FINISHED:
        endings.told_later(generation)
    else:
        workers.ring()


def _rest(seconds: float, stopping: Callable[[], bool]) -> None:
    until = time.monotonic() + seconds
    while time.monotonic() < until and not stopping():
        time.sleep(0.2)
