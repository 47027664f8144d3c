"""Visit one hub: run the steps of a visit in order."""

import logging
from collections.abc import Callable

from django.utils import timezone

from queueapp.backends import get_client
from queueapp.encryption import DecryptionFailed
from queueapp.models import Connection
from queueapp.poller import cancel, costs, fair_scheduling, poll, reconcile
from queueapp.poller.visit import Visit
from queueapp.services.hubs import health
from queueapp.services.lifecycle import crash_recovery
from queueapp.upstream.client import Client
from queueapp.upstream.errors import UpstreamError

log = logging.getLogger(__name__)

Step = Callable[[Visit], None]


def visit_hub(connection: Connection, fence: int, *, may_release: bool = True) -> None:
    """Forward cancels, poll, reconcile, release and update costs, until the hub fails.

    `fence` is the number of the caller's poller lease. Without `may_release` nothing new is submitted.
    """
    crash_recovery.take_over_submissions(connection, fence)
    client = _get_usable_client(connection)
    if client is None:
        return
    # Polling comes before releasing: a hub that accepts nothing new still reports on what it has.
    if not _run_steps(connection, client, cancel.forward_cancels, poll.poll, reconcile.reconcile):
        return
    if may_release:
        fair_scheduling.release_submissions(connection, fence)
    _run_steps(connection, client, costs.update_costs)


def _get_usable_client(connection: Connection) -> Client | None:
    """Return the client of a connection, or None if the hub cannot be called now.

    Stops the connection if its stored key or its address is unusable.
    """
    if not health.is_configured(connection) or not health.accepts_calls(connection, timezone.now()):
        return None
    try:
        return get_client(connection)
    except (DecryptionFailed, ValueError) as error:
        health.stop(connection, Connection.StopReason.KEY, str(error))
        return None


def _run_steps(connection: Connection, client: Client, *steps: Step) -> bool:
    """Run steps until the time is up or the hub fails. Return False if the hub failed."""
    visit = Visit(connection, client)
    for step in steps:
        if not visit.out_of_time and not visit.hub_failed:
            _run_step(step, visit)
    visit.finish()
    return not visit.hub_failed


def _run_step(step: Step, visit: Visit) -> None:
    """Run one step. Its failure must not keep the other steps from running."""
    try:
        step(visit)
    except UpstreamError as error:
        visit.record(error)
    except Exception:
        log.exception("Hub %s: %s failed.", visit.connection, step.__name__)
