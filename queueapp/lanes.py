"""One lane for each place at a hub: a hub that hangs holds up neither the pump's lease nor the other hubs."""

import logging
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor

from django.db import connections as databases
from django.utils import timezone

from queueapp import cancelling, poller, release, search
from queueapp.backends import client_of
from queueapp.models import Connection
from queueapp.rounds import Round
from queueapp.sealing import Undecryptable
from queueapp.services import connections, sending
from queueapp.services.places import Place, place_of
from queueapp.upstream import Client, UpstreamError

log = logging.getLogger(__name__)

#: Hubs that are asked at the same time.
MOST = 16


def visit(connection: Connection, fence: int, *, sends: bool = True) -> None:
    """One visit of a hub: pass cancels on, look at what is due, search what is lost, send what fits.

    Without `sends` nothing new is sent.
    """
    sending.take_over(connection, fence)
    if not connections.is_known(connection) or not connections.takes_calls(connection, timezone.now()):
        return
    try:
        client = client_of(connection)
    except (Undecryptable, ValueError) as error:
        connections.stop(connection, Connection.Stop.KEY, str(error))
        return
    # Looking goes first: a hub that takes nothing new still tells what becomes of what it has.
    if not _round(connection, client, cancelling.pass_on, poller.look, search.look):
        return
    if sends:
        release.release(connection, fence)
    _round(connection, client, poller.ask_for_costs)


def _round(connection: Connection, client: Client, *steps: Callable[[Round], None]) -> bool:
    """Take these steps as long as there is time and hope; whether the hub can be asked for more."""
    round_ = Round(connection, client)
    for step in steps:
        if not round_.over and not round_.hopeless:
            _take(step, round_)
    round_.settle()
    return not round_.hopeless


def _take(step: Callable[[Round], None], round_: Round) -> None:
    """One step. What breaks in it keeps neither the others nor the sending."""
    try:
        step(round_)
    except UpstreamError as error:
        round_.met(error)
    except Exception:
        log.exception("%s.%s broke at %s.", step.__module__, step.__name__, round_.connection)


class Lanes:
    """The visits under way. A place at a hub is visited by one thread of this process's pump at a time, by
    whichever connection: none adopts what another is just sending there. `over` is called after each."""

    def __init__(self, over: Callable[[], None]) -> None:
        self._over = over
        self._running: dict[Place, Future[None]] = {}
        self._waiting: dict[Place, dict[int, tuple[int, bool]]] = {}

    def visit(self, connection: Connection, fence: int, *, sends: bool = True) -> None:
        """Visit a hub soon: now, or once more when what is under way there is over."""
        place = place_of(connection)
        self._waiting.setdefault(place, {})[connection.pk] = (fence, sends)
        self._begin(place)

    def follow_up(self) -> None:
        """Begin the visits that were asked for while one was under way."""
        for place in self._waiting:
            self._begin(place)

    def _begin(self, place: Place) -> None:
        waiting, running = self._waiting[place], self._running.get(place)
        if waiting and (running is None or running.done()):
            connection_id = next(iter(waiting))
            self._running[place] = _pool().submit(_visit, connection_id, *waiting.pop(connection_id))
            self._running[place].add_done_callback(lambda _: self._over())

    @property
    def busy(self) -> bool:
        """Whether a visit is under way."""
        return any(not running.done() for running in self._running.values())


_lock = threading.Lock()
_kept: list[ThreadPoolExecutor] = []


def _pool() -> ThreadPoolExecutor:
    """This process's threads, kept from pump to pump, and with them their connections to the hubs."""
    with _lock:
        if not _kept:
            _kept.append(ThreadPoolExecutor(MOST, thread_name_prefix="lane"))
        return _kept[0]


def _visit(connection_id: int, fence: int, sends: bool) -> None:
    try:
        connection = Connection.objects.filter(pk=connection_id).first()
        if connection is not None:
            visit(connection, fence, sends=sends)
    except Exception:
        log.exception("The pump could not see to connection %s.", connection_id)
    finally:
        databases.close_all()
