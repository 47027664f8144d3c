"""One lane for each place at a hub: a hub that hangs holds up neither the pump's lease nor the other hubs."""

import logging
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor

from django.db import connections as databases
from django.utils import timezone

from queueapp.backends import get_client
from queueapp.encryption import DecryptionFailed
from queueapp.models import Connection
from queueapp.poller import cancel, poll, reconcile, release
from queueapp.poller.visit import Visit
from queueapp.services.hubs import health
from queueapp.services.hubs.namespaces import HubNamespace, get_hub_namespace
from queueapp.services.lifecycle import submitting
from queueapp.upstream.client import Client
from queueapp.upstream.errors import UpstreamError

log = logging.getLogger(__name__)

#: Hubs that are asked at the same time.
MAX_THREADS = 16


def visit_hub(connection: Connection, fence: int, *, sends: bool = True) -> None:
    """One visit of a hub: pass cancels on, look at what is due, search what is lost, send what fits.

    Without `sends` nothing new is sent.
    """
    submitting.take_over_submissions(connection, fence)
    if not health.is_configured(connection) or not health.accepts_calls(connection, timezone.now()):
        return
    try:
        client = get_client(connection)
    except (DecryptionFailed, ValueError) as error:
        health.stop(connection, Connection.StopReason.KEY, str(error))
        return
    # Looking goes first: a hub that takes nothing new still tells what becomes of what it has.
    if not _run_steps(connection, client, cancel.forward_cancels, poll.poll, reconcile.reconcile):
        return
    if sends:
        release.release_submissions(connection, fence)
    _run_steps(connection, client, poll.update_costs)


def _run_steps(connection: Connection, client: Client, *steps: Callable[[Visit], None]) -> bool:
    """Take these steps as long as there is time and hope; whether the hub can be asked for more."""
    visit = Visit(connection, client)
    for step in steps:
        if not visit.out_of_time and not visit.hub_failed:
            _run_step(step, visit)
    visit.finish()
    return not visit.hub_failed


def _run_step(step: Callable[[Visit], None], visit: Visit) -> None:
    """One step. What breaks in it keeps neither the others nor the sending."""
    try:
        step(visit)
    except UpstreamError as error:
        visit.record(error)
    except Exception:
        log.exception("%s.%s broke at %s.", step.__module__, step.__name__, visit.connection)


class HubThreads:
    """The visits under way. A place at a hub is visited by one thread of this process's pump at a time, by
    whichever connection: none adopts what another is just sending there. `over` is called after each."""

    def __init__(self, over: Callable[[], None]) -> None:
        self._over = over
        self._running: dict[HubNamespace, Future[None]] = {}
        self._waiting: dict[HubNamespace, dict[int, tuple[int, bool]]] = {}

    def visit(self, connection: Connection, fence: int, *, sends: bool = True) -> None:
        """Visit a hub soon: now, or once more when what is under way there is over."""
        place = get_hub_namespace(connection)
        self._waiting.setdefault(place, {})[connection.pk] = (fence, sends)
        self._begin(place)

    def follow_up(self) -> None:
        """Begin the visits that were asked for while one was under way."""
        for place in self._waiting:
            self._begin(place)

    def _begin(self, place: HubNamespace) -> None:
        waiting, running = self._waiting[place], self._running.get(place)
        if waiting and (running is None or running.done()):
            connection_id = next(iter(waiting))
            self._running[place] = _pool().submit(
                _visit_in_thread, connection_id, *waiting.pop(connection_id)
            )
            self._running[place].add_done_callback(lambda _: self._over())

    @property
    def busy(self) -> bool:
        """Whether a visit is under way."""
        return any(not running.done() for running in self._running.values())


_lock = threading.Lock()
_pools: list[ThreadPoolExecutor] = []


def _pool() -> ThreadPoolExecutor:
    """This process's threads, kept from pump to pump, and with them their connections to the hubs."""
    with _lock:
        if not _pools:
            _pools.append(ThreadPoolExecutor(MAX_THREADS, thread_name_prefix="lane"))
        return _pools[0]


def _visit_in_thread(connection_id: int, fence: int, sends: bool) -> None:
    try:
        connection = Connection.objects.filter(pk=connection_id).first()
        if connection is not None:
            visit_hub(connection, fence, sends=sends)
    except Exception:
        log.exception("The pump could not see to connection %s.", connection_id)
    finally:
        databases.close_all()
