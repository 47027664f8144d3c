"""Passing a cancel on to the hub, and telling which it was: stopped, or too late."""

from django.db.models import Q
from django.utils import timezone

from queueapp.models import Generation
from queueapp.poller.visit import Visit
from queueapp.services.lifecycle import cancellation, outcomes, poll_schedule
from queueapp.states import EndReason
from queueapp.upstream.errors import (
    AmbiguousResponse,
    InvalidKey,
    NotFoundAtHub,
    RequestRejected,
    UpstreamError,
)
from queueapp.upstream.messages import Revision

#: Cancels passed on in one round.
MAX_CANCELS = 10
_CancelAnswer = Generation.CancelAnswer


def forward_cancels(visit: Visit) -> None:
    """Ask the hub to stop what people asked to be stopped."""
    asked = poll_schedule.at_hub(visit.connection).filter(cancel_requested_at__isnull=False)
    again_due = Q(cancel_answer=_CancelAnswer.UNCLEAR) & poll_schedule.is_due(timezone.now())
    unanswered = asked.filter(Q(cancel_answer="") | again_due).select_related("cancel_requested_by")
    # The ones not tried yet first: a cancel that the hub never answers must not stand before the others.
    for generation in unanswered.order_by("cancel_answer", "cancel_requested_at")[:MAX_CANCELS]:
        if not visit.out_of_time:
            with visit.continue_on_error():
                _cancel(generation, visit)


def _cancel(generation: Generation, visit: Visit) -> None:
    # Said first: a successor of a pump that dies over it must not read the hub's 404 as "too late".
    cancellation.record_cancel_sending(generation)
    try:
        visit.client.cancel(generation.upstream_id)
    except NotFoundAtHub:
        # After an answer that was lost it is not known whether that cancel stopped it: the list may tell.
        if generation.cancel_answer != _CancelAnswer.UNCLEAR:
            cancellation.record_cancel_answer(
                generation, _CancelAnswer.TOO_LATE, EndReason.CANCELLED_TOO_LATE
            )
        else:
            poll_schedule.poll_again(generation, timezone.now(), 0.0)
    except AmbiguousResponse as error:
        if generation.cancel_answer != _CancelAnswer.UNCLEAR:
            cancellation.record_cancel_answer(generation, _CancelAnswer.UNCLEAR, error.message)
        raise
    except (RequestRejected, InvalidKey) as error:
        if error.status == 401:
            cancellation.record_cancel_not_sent(generation)
            raise
        cancellation.record_cancel_refused(generation, f"The hub did not stop it: {error.message}")
    except UpstreamError:
        cancellation.record_cancel_not_sent(generation)
        raise
    else:
        _record_cancelled(generation, visit)


def _record_cancelled(generation: Generation, visit: Visit) -> None:
    """The hub has answered 200. A current hub says so too where the cancel had no effect; its row tells."""
    if visit.client.revision is not Revision.CURRENT:
        outcomes.record_cancelled(generation, began=None)
        return
    cancellation.record_cancel_answer(generation, _CancelAnswer.STOPPED, "The hub took the cancel.")
    row = visit.client.get_generation(generation.upstream_id)
    if row.ended:
        outcomes.end_by_row(generation, row)
