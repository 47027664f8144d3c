"""A worker's hold on a generation of the built-in engine.

A hold lapses by itself unless it is renewed, so a dead worker's generation is free again without anybody
having to find out that the worker died. Every ending asks whether the hold is still the worker's own:
however often a bell rings, one render ends a generation.
"""

import os
import uuid
from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import F, Q
from django.utils import timezone

from queueapp.models import Connection, Generation
from queueapp.services.lifecycle.transitions import log_event, transition
from queueapp.states import State

#: A hold not renewed for this long is over.
LEASE_DURATION = timedelta(seconds=settings.DROVER_SILENT_SECONDS / 3)
#: A bell not answered for this long is rung again.
DISPATCH_TIMEOUT = LEASE_DURATION * 0.6
#: A generation whose workers keep dying is given up after this many.
MAX_ATTEMPTS = 3
#: Set by the keeper, so that it can return what its own workers held when it stops them.
SUPERVISOR_VARIABLE = "DROVER_SUPERVISOR"


def new_lease_token() -> str:
    """A name for one hold: the keeper's name, this process's id, and something of its own."""
    return f"{os.environ.get(SUPERVISOR_VARIABLE, '')}:{os.getpid()}:{uuid.uuid4().hex}"


def acquire(generation_id: str, claim: str) -> Generation | None:
    """Take hold of a generation to render it; None if it has ended, is held, or is not to be made."""
    now = timezone.now()
    generation = Generation.objects.select_related("submission", "model").get(pk=generation_id)
    free = Q(lease_token="") | Q(lease_expires_at__lt=now)
    wanted = Q(state=State.PROCESSING, cancel_requested_at=None, attempts__lt=MAX_ATTEMPTS)
    if not log_event(
        generation,
        "taken up",
        text=f"Attempt {generation.attempts + 1}.",
        where=free & wanted,
        lease_token=claim,
        lease_expires_at=now + LEASE_DURATION,
        attempts=F("attempts") + 1,
    ):
        return None
    generation.refresh_from_db(fields=["attempts", "lease_token"])
    return generation


def renew(generation: Generation, claim: str) -> bool:
    """Keep the hold; False when the work is to stop: cancelled, expired, or held by somebody else."""
    held = Generation.objects.filter(
        has_token(claim), pk=generation.pk, state=State.PROCESSING, cancel_requested_at=None
    )
    return bool(held.update(lease_expires_at=timezone.now() + LEASE_DURATION))


def has_token(claim: str) -> Q:
    return Q(lease_token=claim)


def not_cancelled() -> Q:
    """Nobody has asked for a cancel."""
    return Q(cancel_requested_at=None)


def release_all(keeper: str) -> None:
    """Return everything the workers of a keeper held, after it has stopped them. Not counted as attempts."""
    held = Generation.objects.live().filter(lease_token__startswith=f"{keeper}:", attempts__gt=0)
    held.update(lease_token="", lease_expires_at=None, attempts=F("attempts") - 1)


def cancel_if_requested(generation: Generation, *, where: Q, text: str) -> bool:
    """Answer a cancel: True if one was asked for and this call ended the generation."""
    asked = Q(cancel_requested_at__isnull=False)
    generation.refresh_from_db(fields=["cancel_requested_by"])
    return transition(
        generation,
        State.CANCELLED,
        user=generation.cancel_requested_by,
        text=text,
        where=where & asked,
        lease_token="",
        lease_expires_at=None,
    )


def reserve_due_renders(connection: Connection, now: datetime, most: int) -> list[str]:
    """End what is not to be rendered any more; the ids of those no worker holds and a bell is due for.

    The longest released first, and no more than `most`. Their next bell is due when this one has had time
    to be answered.
    """
    unheld = Q(lease_expires_at=None) | Q(lease_expires_at__lt=now)
    at_work = Generation.objects.at_work().filter(connection=connection)
    for generation in at_work.filter(cancel_requested_at__isnull=False).filter(unheld | Q(lease_token="")):
        cancel_if_requested(generation, where=unheld | Q(lease_token=""), text="Before a worker took it up.")
    lapsed = at_work.filter(unheld, state=State.PROCESSING, cancel_requested_at=None)
    bells: list[str] = []
    for generation in lapsed.order_by("released_at", "ordinal")[:most]:
        if generation.attempts >= MAX_ATTEMPTS:
            _fail_after_max_attempts(generation, unheld)
        elif Generation.objects.filter(unheld, pk=generation.pk).update(
            lease_token="", lease_expires_at=now + DISPATCH_TIMEOUT
        ):
            bells.append(str(generation.pk))
    return bells


def _fail_after_max_attempts(generation: Generation, unheld: Q) -> None:
    transition(
        generation,
        State.FAILED,
        where=unheld,
        reason=f"The worker died {generation.attempts} times while making it.",
        category="worker died",
        lease_token="",
        lease_expires_at=None,
    )
