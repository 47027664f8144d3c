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

from queueapp.models import Connection, FairShare, Generation
from queueapp.services import coordination, inputs
from queueapp.services.hubs.connections import same_account
from queueapp.services.lifecycle import foreign, pending_events
from queueapp.services.lifecycle.render_leases import cancel_if_requested
from queueapp.services.lifecycle.transitions import log_event, transition
from queueapp.states import NOTHING_MADE, State
from queueapp.upstream.client import CALL_TIMEOUT, upload_seconds

#: The quickest image takes about as long.
FIRST_POLL_DELAY = timedelta(seconds=2)


def poller_lease_token(fence: int) -> str:
    """The name under which the pump with that fence holds what it is sending."""
    return f"poller:{fence}"


def claim_submission(
    submission_id: UUID, user_id: int, connection: Connection, fence: int
) -> list[Generation]:
    """Take a submission's waiting generations out of the queue, unless the lease has gone to another pump,
    or the connection leads elsewhere by now."""
    now = timezone.now()
    with transaction.atomic():
        if not coordination.confirm_lease(fence) or not _lock_connection(connection):
            return []
        theirs = Generation.objects.waiting().filter(submission_id=submission_id, cancel_requested_at=None)
        claimed = [
            generation
            for generation in theirs.select_related("connection", "submission__model").order_by("ordinal")
            if transition(
                generation,
                State.SUBMITTING,
                lease_token=poller_lease_token(fence),
                posted_at=None,
                answered_at=None,
            )
        ]
        FairShare.objects.filter(connection=connection, user_id=user_id).update(released_at=now)
    for generation in claimed:
        generation.lease_token = poller_lease_token(fence)
    return claimed


def _lock_connection(connection: Connection) -> bool:
    """Inside a transaction: whether this copy of the connection says where to send, kept so until it ends."""
    same = same_account(connection).filter(enabled=True, stop_reason="")
    return same.select_for_update().first() is not None


def mark_posting(claimed: Sequence[Generation], fence: int) -> list[Generation]:
    """Say that these are being posted: from here on they may have been made. Those that still may be.

    None when the lease has gone to another pump, and not those that were asked to stop meanwhile.
    """
    with transaction.atomic():
        if not coordination.confirm_lease(fence):
            return []
        still = Generation.objects.filter(
            pk__in=[one.pk for one in claimed],
            state=State.SUBMITTING,
            lease_token=poller_lease_token(fence),
            cancel_requested_at=None,
        )
        now = timezone.now()
        still.update(posted_at=now)
        kept = set(still.values_list("pk", flat=True))
    posted = [one for one in claimed if one.pk in kept]
    for one in posted:
        one.posted_at = now
    return posted


def record_accepted(posted: Sequence[Generation], ids: Sequence[str] | None) -> None:
    """The backend has them, under these names; `ids` is None for a backend that needs no names.

    With fewer names than generations the rest become uncertain; with more, the surplus is counted as made
    elsewhere.
    """
    if ids is None:
        for one in posted:
            transition(one, State.PROCESSING, where=_has_lease(one), lease_token="", lease_expires_at=None)
        return
    connection = posted[0].connection
    taken = Generation.objects.filter(connection=connection, upstream_id__in=ids)
    held = set(taken.values_list("upstream_id", flat=True))
    free = [name for name in ids if name not in held]
    for one in posted:
        if free and assign_upstream_id(one, free[0]):
            free.pop(0)
        else:
            mark_uncertain([one], "The hub told fewer generations than were asked for.")
    if free and len(ids) > len(posted):
        foreign.record_foreign(connection, dict.fromkeys(free, posted[0].submission.model.name))
        log_event(posted[-1], "surplus", text=f"The hub made {len(free)} more than were asked for.")


def assign_upstream_id(generation: Generation, upstream_id: str, text: str = "") -> bool:
    """The hub's `upstream_id` is this generation; False if it is another's, or this one needs none."""
    now = timezone.now()
    try:
        won = transition(
            generation,
            State.PROCESSING,
            text=text,
            where=Q(upstream_id=""),
            upstream_id=upstream_id,
            answered_at=now,
            next_poll_at=now + FIRST_POLL_DELAY,
            missing_polls=0,
            lease_token="",
        )
    except IntegrityError:
        return False
    if won:
        generation.upstream_id = upstream_id
        foreign.forget(generation)
        _apply_pending_event(generation)
    return won


def _apply_pending_event(generation: Generation) -> None:
    """Write down what an event told before the name was there to be found.

    Events are kept before they are looked for, and this asks after the name is written: one of the two
    always finds the other.
    """
    if ending := pending_events.pop(generation.connection_id, generation.upstream_id):
        Generation.objects.filter(pk=generation.pk).update(completion_event=ending, next_poll_at=None)
        coordination.wake_poller()


def return_to_queue(posted: Sequence[Generation], words: str) -> None:
    """Nothing was made, and it may be sent again: back into the queue.

    What another pump has called uncertain meanwhile is not sent again by itself: it ends, with the truth.
    """
    for one in posted:
        again: dict[str, Any] = {"lease_token": "", "posted_at": None, "answered_at": None}
        if transition(one, State.QUEUED, where=_has_lease(one), text=words, **again):
            cancel_if_requested(one, where=Q(state=State.QUEUED), text="Before it started.")
        else:
            transition(
                one,
                State.FAILED,
                where=_is_same_uncertain_post(one),
                reason=f"{words} {NOTHING_MADE}",
                category="not sent",
            )


def record_rejected(posted: Sequence[Generation], reason: str, raw: str, category: str) -> None:
    """The backend will not make them."""
    for one in posted:
        held = _has_lease(one) | _is_same_uncertain_post(one)
        transition(
            one, State.FAILED, where=held, reason=reason, raw_reason=raw, category=category, lease_token=""
        )


def mark_uncertain(posted: Sequence[Generation], words: str) -> None:
    """Whether they were made is not known: the hub's list is searched."""
    now = timezone.now()
    for one in posted:
        looked_for: dict[str, Any] = {
            "answered_at": now,
            "next_poll_at": now,
            "missing_polls": 0,
            "lease_token": "",
        }
        transition(one, State.UNCERTAIN, where=_has_lease(one), text=words, **looked_for)


def _has_lease(generation: Generation) -> Q:
    """It is still in the hands of the pump that claimed this copy of it."""
    return Q(lease_token=generation.lease_token)


def _is_same_uncertain_post(generation: Generation) -> Q:
    """Another pump has called the very POST uncertain that this copy of it was posted with."""
    return Q(state=State.UNCERTAIN, posted_at=generation.posted_at)


def finish_engine_handover(connection: Connection) -> None:
    """Settle what a pump died over between claiming it for the built-in engine and saying so: the engine
    loses nothing by being asked again."""
    stuck = Generation.objects.at_work().filter(connection=connection, state=State.SUBMITTING)
    record_accepted(list(stuck), None)


def take_over_submissions(connection: Connection, fence: int) -> None:
    """Settle what a pump before this one was sending when it lost the lease."""
    theirs = Generation.objects.at_work().filter(connection=connection, state=State.SUBMITTING)
    for one in theirs.exclude(lease_token=poller_lease_token(fence)).select_related("submission"):
        with transaction.atomic():
            # A pump that has lost the lease itself must not call its successor's POSTs lost.
            if not coordination.confirm_lease(fence):
                return
            _take_over_generation(one)


def _take_over_generation(one: Generation) -> None:
    same = Q(lease_token=one.lease_token, posted_at=one.posted_at)
    if one.posted_at is None:
        if transition(one, State.QUEUED, where=same, lease_token="", text="It had not been sent."):
            cancel_if_requested(one, where=Q(state=State.QUEUED), text="Before it started.")
        return
    now = timezone.now()
    transition(
        one,
        State.UNCERTAIN,
        where=same,
        text="The worker that sent it is gone.",
        answered_at=max(now, one.posted_at + _max_post_duration(one)),
        next_poll_at=now,
        missing_polls=0,
        lease_token="",
    )


def _max_post_duration(generation: Generation) -> timedelta:
    """How long its POST may have been on its way, or may still be: its sender may only be slow."""
    return timedelta(seconds=CALL_TIMEOUT + upload_seconds(inputs.upload_size(generation.submission.params)))
