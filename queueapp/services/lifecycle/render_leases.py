"""Lease generations to the workers that render them with the built-in engine.

A worker renews its lease while it renders. If it dies, the lease expires and another worker can acquire it.
Every write that ends a render requires the worker's lease token, so a generation gets at most one result
however often its task runs.
"""

import os
import uuid
from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import F, Q
from django.utils import timezone

from queueapp.models import Connection, Event, Generation
from queueapp.services.lifecycle.cancellation import cancel_if_requested
from queueapp.services.lifecycle.transitions import log_event, transition
from queueapp.states import State

#: A lease that is not renewed for this long expires.
LEASE_DURATION = timedelta(seconds=settings.DROVER_SILENT_SECONDS / 3)
#: A task that no worker has started after this long is enqueued again.
DISPATCH_TIMEOUT = LEASE_DURATION * 0.6
#: A generation fails after this many workers died while rendering it, because it probably killed them.
MAX_ATTEMPTS = 3
#: Environment variable with the supervisor's name, by which it finds the leases of its own workers.
SUPERVISOR_VARIABLE = "DROVER_SUPERVISOR"


def new_lease_token() -> str:
    """Return a unique token for one lease. It begins with the name of this worker's supervisor."""
    return f"{os.environ.get(SUPERVISOR_VARIABLE, '')}:{os.getpid()}:{uuid.uuid4().hex}"


def acquire(generation_id: str, lease_token: str) -> Generation | None:
    """Lease a generation to render it and count the attempt.

    Returns None if it is leased already, has ended, was cancelled, or has used up its attempts.
    """
    now = timezone.now()
    generation = Generation.objects.select_related("submission", "model").get(pk=generation_id)
    unleased = Q(lease_token="") | Q(lease_expires_at__lt=now)
    wanted = Q(state=State.PROCESSING, cancel_requested_at=None, attempts__lt=MAX_ATTEMPTS)
    if not log_event(
        generation,
        Event.Kind.RENDER_STARTED,
        text=f"Attempt {generation.attempts + 1}.",
        where=unleased & wanted,
        lease_token=lease_token,
        lease_expires_at=now + LEASE_DURATION,
        attempts=F("attempts") + 1,
    ):
        return None
    generation.refresh_from_db(fields=["attempts", "lease_token"])
    return generation


def renew(generation: Generation, lease_token: str) -> bool:
    """Extend a lease.

    Returns False if the worker must stop: the generation was cancelled, has ended, or has another lease.
    """
    leased = Generation.objects.filter(
        has_token(lease_token), not_cancelled(), pk=generation.pk, state=State.PROCESSING
    )
    return bool(leased.update(lease_expires_at=timezone.now() + LEASE_DURATION))


def has_token(lease_token: str) -> Q:
    """Return the condition for generations that are leased with this token."""
    return Q(lease_token=lease_token)


def not_cancelled() -> Q:
    """Return the condition for generations whose cancel was not requested."""
    return Q(cancel_requested_at=None)


def release_all(supervisor: str) -> None:
    """Release the leases of all workers that a supervisor has stopped, and do not count those attempts."""
    leased = Generation.objects.live().filter(lease_token__startswith=f"{supervisor}:", attempts__gt=0)
    leased.update(lease_token="", lease_expires_at=None, attempts=F("attempts") - 1)


def reserve_due_renders(connection: Connection, now: datetime, limit: int) -> list[str]:
    """Return the ids of at most `limit` generations that need a render task, the longest released first.

    The caller enqueues the tasks. Until `DISPATCH_TIMEOUT` has passed, the ids are not returned again.
    Unleased generations whose cancel was requested or whose attempts are used up end here.
    """
    expired = Q(lease_expires_at=None) | Q(lease_expires_at__lt=now)
    _cancel_unleased(connection, expired | Q(lease_token=""))
    unleased = Generation.objects.in_flight().filter(
        expired, connection=connection, state=State.PROCESSING, cancel_requested_at=None
    )
    reserved: list[str] = []
    for generation in unleased.order_by("released_at", "ordinal")[:limit]:
        if generation.attempts >= MAX_ATTEMPTS:
            _fail_after_max_attempts(generation, expired)
        elif Generation.objects.filter(expired, pk=generation.pk).update(
            lease_token="", lease_expires_at=now + DISPATCH_TIMEOUT
        ):
            reserved.append(str(generation.pk))
    return reserved


def _cancel_unleased(connection: Connection, unleased: Q) -> None:
    in_flight = Generation.objects.in_flight().filter(unleased, connection=connection)
    for generation in in_flight.filter(cancel_requested_at__isnull=False):
        cancel_if_requested(generation, where=unleased, text="Before a worker started it.")


def _fail_after_max_attempts(generation: Generation, unleased: Q) -> None:
    transition(
        generation,
        State.FAILED,
        where=unleased,
        reason=f"The worker died {generation.attempts} times while rendering it.",
        category="worker died",
        lease_token="",
        lease_expires_at=None,
    )
