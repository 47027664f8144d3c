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
from queueapp.services.moves import move, note
from queueapp.states import State

#: A hold not renewed for this long is over.
HOLD = timedelta(seconds=settings.DROVER_SILENT_SECONDS / 3)
#: A bell not answered for this long is rung again.
BELL = HOLD * 0.6
#: A generation whose workers keep dying is given up after this many.
MAX_ATTEMPTS = 3
#: Set by the keeper, so that it can return what its own workers held when it stops them.
KEEPER_VARIABLE = "DROVER_KEEPER"


def new_claim() -> str:
    """A name for one hold: the keeper's name, this process's id, and something of its own."""
    return f"{os.environ.get(KEEPER_VARIABLE, '')}:{os.getpid()}:{uuid.uuid4().hex}"


def take(generation_id: str, claim: str) -> Generation | None:
    """Take hold of a generation to render it; None if it has ended, is held, or is not to be made."""
    now = timezone.now()
    generation = Generation.objects.select_related("submission", "model").get(pk=generation_id)
    free = Q(claim="") | Q(claimed_until__lt=now)
    wanted = Q(state=State.PROCESSING, cancel_requested_at=None, attempts__lt=MAX_ATTEMPTS)
    if not note(
        generation,
        "taken up",
        text=f"Attempt {generation.attempts + 1}.",
        where=free & wanted,
        claim=claim,
        claimed_until=now + HOLD,
        attempts=F("attempts") + 1,
    ):
        return None
    generation.refresh_from_db(fields=["attempts", "claim"])
    return generation


def renew(generation: Generation, claim: str) -> bool:
    """Keep the hold; False when the work is to stop: cancelled, expired, or held by somebody else."""
    held = Generation.objects.filter(
        held_by(claim), pk=generation.pk, state=State.PROCESSING, cancel_requested_at=None
    )
    return bool(held.update(claimed_until=timezone.now() + HOLD))


def held_by(claim: str) -> Q:
    return Q(claim=claim)


def unasked() -> Q:
    """Nobody has asked for a cancel."""
    return Q(cancel_requested_at=None)


def give_back(keeper: str) -> None:
    """Return everything the workers of a keeper held, after it has stopped them. Not counted as attempts."""
    held = Generation.objects.live().filter(claim__startswith=f"{keeper}:", attempts__gt=0)
    held.update(claim="", claimed_until=None, attempts=F("attempts") - 1)


def stop_if_asked(generation: Generation, *, where: Q, text: str) -> bool:
    """Answer a cancel: True if one was asked for and this call ended the generation."""
    asked = Q(cancel_requested_at__isnull=False)
    generation.refresh_from_db(fields=["cancel_requested_by"])
    return move(
        generation,
        State.CANCELLED,
        user=generation.cancel_requested_by,
        text=text,
        where=where & asked,
        claim="",
        claimed_until=None,
    )


def due_bells(connection: Connection, now: datetime, most: int) -> list[str]:
    """End what is not to be rendered any more; the ids of those no worker holds and a bell is due for.

    The longest released first, and no more than `most`. Their next bell is due when this one has had time
    to be answered.
    """
    unheld = Q(claimed_until=None) | Q(claimed_until__lt=now)
    at_work = Generation.objects.at_work().filter(connection=connection)
    for generation in at_work.filter(cancel_requested_at__isnull=False).filter(unheld | Q(claim="")):
        stop_if_asked(generation, where=unheld | Q(claim=""), text="Before a worker took it up.")
    lapsed = at_work.filter(unheld, state=State.PROCESSING, cancel_requested_at=None)
    bells: list[str] = []
    for generation in lapsed.order_by("released_at", "ordinal")[:most]:
        if generation.attempts >= MAX_ATTEMPTS:
            _give_up(generation, unheld)
        elif Generation.objects.filter(unheld, pk=generation.pk).update(claim="", claimed_until=now + BELL):
            bells.append(str(generation.pk))
    return bells


def _give_up(generation: Generation, unheld: Q) -> None:
    move(
        generation,
        State.FAILED,
        where=unheld,
        reason=f"The worker died {generation.attempts} times while making it.",
        category="worker died",
        claim="",
        claimed_until=None,
    )
