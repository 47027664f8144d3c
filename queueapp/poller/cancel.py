"""Forward cancel requests to the hub, and record whether they came in time."""

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

#: Cancels forwarded in one visit.
MAX_CANCELS = 10
_Answer = Generation.CancelAnswer


def forward_cancels(visit: Visit) -> None:
    """Cancel at the hub what users have cancelled here."""
    requested = poll_schedule.at_hub(visit.connection).filter(cancel_requested_at__isnull=False)
    retry_due = Q(cancel_answer=_Answer.UNCLEAR) & poll_schedule.is_due(timezone.now())
    unanswered = requested.filter(Q(cancel_answer="") | retry_due).select_related("cancel_requested_by")
    # First attempts come first: a cancel that the hub never answers must not delay the others.
    for generation in unanswered.order_by("cancel_answer", "cancel_requested_at")[:MAX_CANCELS]:
        if not visit.out_of_time:
            with visit.continue_on_error():
                _cancel(generation, visit)


def _cancel(generation: Generation, visit: Visit) -> None:
    # Recorded before the call: if the poller dies in it, its successor meets a 404, and must not take that
    # for "too late".
    cancellation.record_cancel_sending(generation)
    try:
        visit.client.cancel(generation.upstream_id)
    except NotFoundAtHub:
        _record_not_found(generation)
    except AmbiguousResponse as error:
        if generation.cancel_answer != _Answer.UNCLEAR:
            cancellation.record_cancel_answer(generation, _Answer.UNCLEAR, error.message)
        raise
    except (RequestRejected, InvalidKey) as error:
        if error.status == 401:
            cancellation.record_cancel_not_sent(generation)
            raise
        cancellation.record_cancel_refused(generation, f"The hub refused the cancel: {error.message}")
    except UpstreamError:
        cancellation.record_cancel_not_sent(generation)
        raise
    else:
        _record_cancelled(generation, visit)


def _record_not_found(generation: Generation) -> None:
    """Record that the hub has nothing to cancel: it came too late, or an earlier cancel has worked.

    If an earlier attempt was never answered, only the hub's list can tell which; it is polled next.
    """
    if generation.cancel_answer == _Answer.UNCLEAR:
        poll_schedule.poll_again(generation, timezone.now(), 0.0)
    else:
        cancellation.record_cancel_answer(generation, _Answer.TOO_LATE, EndReason.CANCELLED_TOO_LATE)


def _record_cancelled(generation: Generation, visit: Visit) -> None:
    """Record that the hub has answered 200.

    A current hub answers 200 also if the cancel had no effect, so the generation's row decides there.
    """
    if visit.client.revision is not Revision.CURRENT:
        outcomes.record_cancelled(generation, began=None)
        return
    cancellation.record_cancel_answer(generation, _Answer.STOPPED, "The hub accepted the cancel.")
    row = visit.client.get_generation(generation.upstream_id)
    if row.ended:
        outcomes.end_by_row(generation, row)
