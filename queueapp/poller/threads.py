"""Visit hubs in threads, so that a hub that hangs delays neither the loop nor the other hubs."""

import logging
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import NamedTuple

from django.db import connections as databases

from queueapp.models import Connection
from queueapp.poller import steps
from queueapp.services.hubs.namespaces import HubNamespace, get_hub_namespace

log = logging.getLogger(__name__)

#: Hub namespaces that are visited at the same time.
MAX_THREADS = 16


class _VisitRequest(NamedTuple):
    fence: int
    may_release: bool


class HubThreads:
    """The visits of one poller: at most one at a time for each hub namespace.

    Two connections can share a hub namespace. Reconciling one must not assign what the other is submitting
    at that moment. `on_done` is called after each visit, from the visit's thread.
    """

    def __init__(self, on_done: Callable[[], None]) -> None:
        self._on_done = on_done
        self._running: dict[HubNamespace, Future[None]] = {}
        #: The requested visits of each namespace, by connection id.
        self._requested: dict[HubNamespace, dict[int, _VisitRequest]] = {}

    def visit(self, connection: Connection, fence: int, *, may_release: bool = True) -> None:
        """Visit a hub: now, or in a later `start_requested` if its namespace is being visited."""
        namespace = get_hub_namespace(connection)
        requests = self._requested.setdefault(namespace, {})
        requests[connection.pk] = _VisitRequest(fence, may_release)
        self._start_next(namespace)

    def start_requested(self) -> None:
        """Start the visits that had to wait for another one in their namespace."""
        for namespace in self._requested:
            self._start_next(namespace)

    def _start_next(self, namespace: HubNamespace) -> None:
        requests, running = self._requested[namespace], self._running.get(namespace)
        if not requests or (running and not running.done()):
            return
        connection_id = next(iter(requests))
        future = _thread_pool().submit(_visit_in_thread, connection_id, requests.pop(connection_id))
        self._running[namespace] = future
        future.add_done_callback(lambda _: self._on_done())

    @property
    def busy(self) -> bool:
        """Return whether a visit is running."""
        return any(not future.done() for future in self._running.values())


_lock = threading.Lock()
_pools: list[ThreadPoolExecutor] = []


def _thread_pool() -> ThreadPoolExecutor:
    """Return this process's threads. One poller after another uses them."""
    with _lock:
        if not _pools:
            _pools.append(ThreadPoolExecutor(MAX_THREADS, thread_name_prefix="hub"))
        return _pools[0]


def _visit_in_thread(connection_id: int, request: _VisitRequest) -> None:
    try:
        connection = Connection.objects.filter(pk=connection_id).first()
        if connection is not None:
            steps.visit_hub(connection, request.fence, may_release=request.may_release)
    except Exception:
        log.exception("Connection %s: the visit failed.", connection_id)
    finally:
        databases.close_all()
