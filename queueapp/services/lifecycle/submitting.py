"""Send submissions to their backends, writing down each step before it is taken.

The steps: claim the submission (its generations become `submitting` under the poller's lease), mark them as
being posted, post them, and record the response. If the poller dies in between, the rows show its successor
how far it came. Generations that were not marked as being posted return to the queue. The others may exist
at the hub: they become `uncertain`, and the hub's list is searched for them.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils import timezone

from queueapp import backends
from queueapp.models import Connection, Event, FairShare, Generation
from queueapp.services import coordination
from queueapp.services.hubs import health
from queueapp.services.hubs.connections import same_account
from queueapp.services.lifecycle import foreign, pending_events
from queueapp.services.lifecycle.cancellation import cancel_if_requested
from queueapp.services.lifecycle.transitions import log_event, transition
from queueapp.states import NOTHING_BILLED, State

#: Delay of the first poll after a submission was accepted: the duration of the fastest images.
FIRST_POLL_DELAY = timedelta(seconds=2)


def poller_lease_token(fence: int) -> str:
    """Return the lease token of the poller with this fence, for generations that it is sending."""
    return f"poller:{fence}"


def claim_submission(
    submission_id: UUID, user_id: int, connection: Connection, fence: int
) -> list[Generation]:
    """Move a submission's waiting generations to `submitting` and return them.

    Also records the user's turn. All of it is one transaction that holds the poller's lease and locks the
    connection. Returns an empty list if this poller has lost the lease, or if the connection was stopped,
    switched off, or changed to another account.
    """
    now = timezone.now()
    with transaction.atomic():
        if not coordination.confirm_lease(fence) or not _lock_connection(connection):
            return []
        waiting = Generation.objects.waiting().filter(submission_id=submission_id, cancel_requested_at=None)
        claimed = [
            generation
            for generation in waiting.select_related("connection", "submission__model").order_by("ordinal")
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
    """Lock the connection's row until the transaction ends; return whether it can be used as loaded."""
    usable = same_account(connection).filter(enabled=True, stop_reason="")
    return usable.select_for_update().first() is not None


def mark_posting(claimed: Sequence[Generation], fence: int) -> list[Generation]:
    """Write down that the POST begins, and return the generations that may be posted.

    After this the hub may have made them, whatever happens to this poller. Returns an empty list if the lease
    is lost, and leaves out generations whose cancel was requested.
    """
    with transaction.atomic():
        if not coordination.confirm_lease(fence):
            return []
        rows = Generation.objects.among(claimed).filter(
            state=State.SUBMITTING, lease_token=poller_lease_token(fence), cancel_requested_at=None
        )
        now = timezone.now()
        rows.update(posted_at=now)
        marked = set(rows.values_list("pk", flat=True))
    posted = [generation for generation in claimed if generation.pk in marked]
    for generation in posted:
        generation.posted_at = now
    return posted


def settle(connection: Connection, posted: Sequence[Generation], outcome: backends.SubmitOutcome) -> None:
    """Record the outcome of a POST on its generations and in the health of the connection."""
    match outcome:
        case backends.Accepted(ids):
            record_accepted(posted, ids)
            health.record_submit_success(connection)
        case backends.Rejected(reason, raw, category):
            record_rejected(posted, reason, raw, category)
            health.record_submit_success(connection)
        case backends.TryLater(reason, retry_after):
            return_to_queue(posted, reason)
            health.record_submit_failure(connection, reason, retry_after)
        case backends.KeyRejected(reason):
            return_to_queue(posted, reason)
            health.stop(connection, Connection.StopReason.KEY, reason)
        case backends.CreditsExhausted(reason, raw):
            record_rejected(posted, reason, raw, "credits")
            health.stop(connection, Connection.StopReason.CREDITS, reason)
        case backends.AnswerLost(reason):
            mark_uncertain(posted, reason)
            health.record_submit_failure(connection, reason)


def record_accepted(posted: Sequence[Generation], ids: Sequence[str] | None) -> None:
    """Record that the backend accepted the generations under these ids.

    `ids` is None for the built-in engine, which has no ids of its own. With fewer ids than generations, the
    others become uncertain. With more, the extra ids are recorded as foreign generations.
    """
    if ids is None:
        for generation in posted:
            transition(
                generation,
                State.PROCESSING,
                where=_has_lease(generation),
                lease_token="",
                lease_expires_at=None,
            )
        return
    connection = posted[0].connection
    assigned = Generation.objects.filter(connection=connection, upstream_id__in=ids)
    assigned_ids = set(assigned.values_list("upstream_id", flat=True))
    free_ids = [upstream_id for upstream_id in ids if upstream_id not in assigned_ids]
    for generation in posted:
        if free_ids and assign_upstream_id(generation, free_ids[0]):
            free_ids.pop(0)
        else:
            mark_uncertain([generation], "The hub returned fewer generations than requested.")
    if free_ids and len(ids) > len(posted):
        foreign.record_foreign(connection, dict.fromkeys(free_ids, posted[0].submission.model.name))
        text = f"The hub made {len(free_ids)} more than requested."
        log_event(posted[-1], Event.Kind.EXTRA_GENERATIONS, text=text)


def assign_upstream_id(generation: Generation, upstream_id: str, text: str = "") -> bool:
    """Store the hub's id of a generation, which is then processing.

    Returns False if the id belongs to another generation, or if this one has an id or has ended.
    """
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
    """Store the completion event that arrived before the id was stored, if there is one.

    The event reader first keeps an event and then looks for its generation. This is called after the id was
    stored. In every order of the two, one of them finds the other.
    """
    if ending := pending_events.pop(generation.connection_id, generation.upstream_id):
        Generation.objects.filter(pk=generation.pk).update(completion_event=ending, next_poll_at=None)
        coordination.wake_poller()


def return_to_queue(posted: Sequence[Generation], message: str) -> None:
    """Return generations to the queue that the backend did not make; `message` says why.

    A generation that another poller has marked as uncertain meanwhile ends as failed, because nothing
    uncertain is ever sent again by itself.
    """
    for generation in posted:
        if not requeue_generation(generation, _has_lease(generation), message):
            transition(
                generation,
                State.FAILED,
                where=_is_same_uncertain_post(generation),
                reason=f"{message} {NOTHING_BILLED}",
                category="not sent",
            )


def requeue_generation(generation: Generation, where: Q, text: str) -> bool:
    """Return a generation to the queue if `where` matches, and cancel it there if that was requested."""
    if not transition(
        generation, State.QUEUED, where=where, text=text, lease_token="", posted_at=None, answered_at=None
    ):
        return False
    cancel_if_requested(generation, where=Q(state=State.QUEUED), text="Before it started.")
    return True


def record_rejected(posted: Sequence[Generation], reason: str, raw: str, category: str) -> None:
    """End generations as failed that the backend rejected. `raw` is the backend's own error text."""
    for generation in posted:
        transition(
            generation,
            State.FAILED,
            where=_has_lease(generation) | _is_same_uncertain_post(generation),
            reason=reason,
            raw_reason=raw,
            category=category,
            lease_token="",
        )


def mark_uncertain(posted: Sequence[Generation], message: str) -> None:
    """Mark generations as uncertain, to be searched for in the hub's list; `message` says why."""
    now = timezone.now()
    for generation in posted:
        mark_generation_uncertain(generation, _has_lease(generation), message, answered_at=now)


def mark_generation_uncertain(generation: Generation, where: Q, text: str, *, answered_at: datetime) -> None:
    transition(
        generation,
        State.UNCERTAIN,
        where=where,
        text=text,
        answered_at=answered_at,
        next_poll_at=timezone.now(),
        missing_polls=0,
        lease_token="",
    )


def _has_lease(generation: Generation) -> Q:
    """Return the condition that no other poller has taken over the generation since it was loaded."""
    return Q(lease_token=generation.lease_token)


def _is_same_uncertain_post(generation: Generation) -> Q:
    """Return the condition that another poller marked the same POST of this generation as uncertain."""
    return Q(state=State.UNCERTAIN, posted_at=generation.posted_at)
