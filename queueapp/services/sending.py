"""Handing a submission to its backend: each step is written before it is taken.

A submission is claimed (`submitting`), then said to be posted, then posted, then settled by the answer.
A pump that dies in between leaves rows that tell its successor how far it came: what was never said to be
posted goes back to the queue, for the rest nobody knows and the hub's list is searched (`uncertain`).
"""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils import timezone

from queueapp.models import Connection, Generation, Turn
from queueapp.services import connections, elsewhere, inputs, untold, workers
from queueapp.services.claims import stop_if_asked
from queueapp.services.moves import move, note
from queueapp.states import NOTHING_MADE, State
from queueapp.upstream import CALL_SECONDS, upload_seconds

#: The quickest image takes about as long.
FIRST_LOOK = timedelta(seconds=2)


def claim_of(fence: int) -> str:
    """The name under which the pump with that fence holds what it is sending."""
    return f"pump:{fence}"


def claim(submission_id: UUID, user_id: int, connection: Connection, fence: int) -> list[Generation]:
    """Take a submission's waiting generations out of the queue, unless the lease has gone to another pump,
    or the connection leads elsewhere by now."""
    now = timezone.now()
    with transaction.atomic():
        if not workers.assert_lease(fence) or not _still_wanted(connection):
            return []
        theirs = Generation.objects.waiting().filter(submission_id=submission_id, cancel_requested_at=None)
        claimed = [
            generation
            for generation in theirs.select_related("connection", "submission__model").order_by("ordinal")
            if move(generation, State.SUBMITTING, claim=claim_of(fence), posted_at=None, answered_at=None)
        ]
        Turn.objects.filter(connection=connection, user_id=user_id).update(released_at=now)
    for generation in claimed:
        generation.claim = claim_of(fence)
    return claimed


def _still_wanted(connection: Connection) -> bool:
    """Inside a transaction: whether this copy of the connection says where to send, kept so until it ends."""
    same = connections.the_same(connection).filter(enabled=True, stopped="")
    return same.select_for_update().first() is not None


def begin(claimed: Sequence[Generation], fence: int) -> list[Generation]:
    """Say that these are being posted: from here on they may have been made. Those that still may be.

    None when the lease has gone to another pump, and not those that were asked to stop meanwhile.
    """
    with transaction.atomic():
        if not workers.assert_lease(fence):
            return []
        still = Generation.objects.filter(
            pk__in=[one.pk for one in claimed],
            state=State.SUBMITTING,
            claim=claim_of(fence),
            cancel_requested_at=None,
        )
        now = timezone.now()
        still.update(posted_at=now)
        kept = set(still.values_list("pk", flat=True))
    posted = [one for one in claimed if one.pk in kept]
    for one in posted:
        one.posted_at = now
    return posted


def accepted(posted: Sequence[Generation], ids: Sequence[str] | None) -> None:
    """The backend has them, under these names; `ids` is None for a backend that needs no names.

    With fewer names than generations the rest become uncertain; with more, the surplus is counted as made
    elsewhere.
    """
    if ids is None:
        for one in posted:
            move(one, State.PROCESSING, where=_held(one), claim="", claimed_until=None)
        return
    connection = posted[0].connection
    taken = Generation.objects.filter(connection=connection, upstream_id__in=ids)
    held = set(taken.values_list("upstream_id", flat=True))
    free = [name for name in ids if name not in held]
    for one in posted:
        if free and adopt(one, free[0]):
            free.pop(0)
        else:
            lost([one], "The hub told fewer generations than were asked for.")
    if free and len(ids) > len(posted):
        elsewhere.saw(connection, dict.fromkeys(free, posted[0].submission.model.name))
        note(posted[-1], "surplus", text=f"The hub made {len(free)} more than were asked for.")


def adopt(generation: Generation, upstream_id: str, text: str = "") -> bool:
    """The hub's `upstream_id` is this generation; False if it is another's, or this one needs none."""
    now = timezone.now()
    try:
        won = move(
            generation,
            State.PROCESSING,
            text=text,
            where=Q(upstream_id=""),
            upstream_id=upstream_id,
            answered_at=now,
            next_check_at=now + FIRST_LOOK,
            looks=0,
            claim="",
        )
    except IntegrityError:
        return False
    if won:
        generation.upstream_id = upstream_id
        elsewhere.is_ours(generation)
        _told_already(generation)
    return won


def _told_already(generation: Generation) -> None:
    """Write down what an event told before the name was there to be found.

    Events are kept before they are looked for, and this asks after the name is written: one of the two
    always finds the other.
    """
    if ending := untold.take(generation.connection_id, generation.upstream_id):
        Generation.objects.filter(pk=generation.pk).update(told=ending, next_check_at=None)
        workers.ring()


def put_back(posted: Sequence[Generation], words: str) -> None:
    """Nothing was made, and it may be sent again: back into the queue.

    What another pump has called uncertain meanwhile is not sent again by itself: it ends, with the truth.
    """
    for one in posted:
        again: dict[str, Any] = {"claim": "", "posted_at": None, "answered_at": None}
        if move(one, State.QUEUED, where=_held(one), text=words, **again):
            stop_if_asked(one, where=Q(state=State.QUEUED), text="Before it started.")
        else:
            move(
                one,
                State.FAILED,
                where=_searched_for(one),
                reason=f"{words} {NOTHING_MADE}",
                category="not sent",
            )


def refused(posted: Sequence[Generation], reason: str, raw: str, category: str) -> None:
    """The backend will not make them."""
    for one in posted:
        held = _held(one) | _searched_for(one)
        move(one, State.FAILED, where=held, reason=reason, raw_reason=raw, category=category, claim="")


def lost(posted: Sequence[Generation], words: str) -> None:
    """Whether they were made is not known: the hub's list is searched."""
    now = timezone.now()
    for one in posted:
        looked_for: dict[str, Any] = {"answered_at": now, "next_check_at": now, "looks": 0, "claim": ""}
        move(one, State.UNCERTAIN, where=_held(one), text=words, **looked_for)


def _held(generation: Generation) -> Q:
    """It is still in the hands of the pump that claimed this copy of it."""
    return Q(claim=generation.claim)


def _searched_for(generation: Generation) -> Q:
    """Another pump has called the very POST uncertain that this copy of it was posted with."""
    return Q(state=State.UNCERTAIN, posted_at=generation.posted_at)


def hand_to_engine(connection: Connection) -> None:
    """Settle what a pump died over between claiming it for the built-in engine and saying so: the engine
    loses nothing by being asked again."""
    stuck = Generation.objects.at_work().filter(connection=connection, state=State.SUBMITTING)
    accepted(list(stuck), None)


def take_over(connection: Connection, fence: int) -> None:
    """Settle what a pump before this one was sending when it lost the lease."""
    theirs = Generation.objects.at_work().filter(connection=connection, state=State.SUBMITTING)
    for one in theirs.exclude(claim=claim_of(fence)).select_related("submission"):
        with transaction.atomic():
            # A pump that has lost the lease itself must not call its successor's POSTs lost.
            if not workers.assert_lease(fence):
                return
            _take_over(one)


def _take_over(one: Generation) -> None:
    same = Q(claim=one.claim, posted_at=one.posted_at)
    if one.posted_at is None:
        if move(one, State.QUEUED, where=same, claim="", text="It had not been sent."):
            stop_if_asked(one, where=Q(state=State.QUEUED), text="Before it started.")
        return
    now = timezone.now()
    move(
        one,
        State.UNCERTAIN,
        where=same,
        text="The worker that sent it is gone.",
        answered_at=max(now, one.posted_at + _longest_post(one)),
        next_check_at=now,
        looks=0,
        claim="",
    )


def _longest_post(generation: Generation) -> timedelta:
    """How long its POST may have been on its way, or may still be: its sender may only be slow."""
    return timedelta(seconds=CALL_SECONDS + upload_seconds(inputs.weight(generation.submission.params)))
