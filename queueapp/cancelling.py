"""Passing a cancel on to the hub, and telling which it was: stopped, or too late."""

from django.db.models import Q
from django.utils import timezone

from queueapp.models import Generation
from queueapp.rounds import Round
from queueapp.services import endings, watching
from queueapp.states import TOO_LATE
from queueapp.upstream import BadKey, NotThere, Refused, Revision, Unclear, UpstreamError

#: Cancels passed on in one round.
MOST = 10
_Was = Generation.CancelAnswer


def pass_on(round_: Round) -> None:
    """Ask the hub to stop what people asked to be stopped."""
    asked = watching.watched(round_.connection).filter(cancel_requested_at__isnull=False)
    again_due = Q(cancel_answer=_Was.UNCLEAR) & watching.due(timezone.now())
    unanswered = asked.filter(Q(cancel_answer="") | again_due).select_related("cancel_requested_by")
    # The ones not tried yet first: a cancel that the hub never answers must not stand before the others.
    for generation in unanswered.order_by("cancel_answer", "cancel_requested_at")[:MOST]:
        if not round_.over:
            with round_.spared():
                _cancel(generation, round_)


def _cancel(generation: Generation, round_: Round) -> None:
    # Said first: a successor of a pump that dies over it must not read the hub's 404 as "too late".
    watching.cancel_begins(generation)
    try:
        round_.client.cancel(generation.upstream_id)
    except NotThere:
        # After an answer that was lost it is not known whether that cancel stopped it: the list may tell.
        if generation.cancel_answer != _Was.UNCLEAR:
            watching.cancel_was(generation, _Was.TOO_LATE, TOO_LATE)
        else:
            watching.look_again(generation, timezone.now(), 0.0)
    except Unclear as error:
        if generation.cancel_answer != _Was.UNCLEAR:
            watching.cancel_was(generation, _Was.UNCLEAR, error.message)
        raise
    except (Refused, BadKey) as error:
        if error.status == 401:
            watching.cancel_came_to_nothing(generation)
            raise
        watching.cancel_refused(generation, f"The hub did not stop it: {error.message}")
    except UpstreamError:
        watching.cancel_came_to_nothing(generation)
        raise
    else:
        _stopped(generation, round_)


def _stopped(generation: Generation, round_: Round) -> None:
    """The hub has answered 200. A current hub says so too where the cancel had no effect; its row tells."""
    if round_.client.revision is not Revision.CURRENT:
        endings.cancelled(generation, began=None)
        return
    watching.cancel_was(generation, _Was.STOPPED, "The hub took the cancel.")
    row = round_.client.one(generation.upstream_id)
    if row.ended:
        endings.by_row(generation, row)
