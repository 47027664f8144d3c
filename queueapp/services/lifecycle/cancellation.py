"""End generations whose cancel was requested, and record the hub's answers to forwarded cancels."""

from django.db.models import Q

from queueapp.models import Event, Generation
from queueapp.services.lifecycle.transitions import log_event, transition
from queueapp.states import State

_PROCESSING = Q(state=State.PROCESSING)


def cancel_if_requested(generation: Generation, *, where: Q, text: str) -> bool:
    """End a generation as cancelled if its cancel was requested and `where` matches.

    Returns whether this call ended it. `text` says in the timeline when the cancel took effect.
    """
    generation.refresh_from_db(fields=["cancel_requested_by"])
    return transition(
        generation,
        State.CANCELLED,
        user=generation.cancel_requested_by,
        text=text,
        where=where & Q(cancel_requested_at__isnull=False),
        lease_token="",
        lease_expires_at=None,
    )


def record_cancel_sending(generation: Generation) -> None:
    """Mark the answer as unclear before a cancel is sent.

    If the poller dies before it has recorded the answer, its successor knows that the cancel may have taken
    effect.
    """
    _set_answer(generation, Generation.CancelAnswer.UNCLEAR)


def record_cancel_not_sent(generation: Generation) -> None:
    """Restore the answer in `generation` after a cancel that had no effect at the hub."""
    _set_answer(generation, generation.cancel_answer)


def record_cancel_answer(generation: Generation, answer: Generation.CancelAnswer, text: str) -> None:
    """Record the hub's answer to a cancel and make the generation due for a poll."""
    log_event(
        generation,
        Event.Kind.CANCEL_ANSWERED,
        text=text,
        where=_PROCESSING,
        cancel_answer=answer,
        next_poll_at=None,
    )


def record_cancel_refused(generation: Generation, text: str) -> None:
    """Record that the hub refused a cancel. The generation continues, and a new cancel can be requested."""
    log_event(
        generation,
        Event.Kind.CANCEL_REFUSED,
        text=text,
        where=_PROCESSING,
        cancel_answer=Generation.CancelAnswer.REFUSED,
        cancel_requested_at=None,
        cancel_requested_by=None,
        next_poll_at=None,
    )


def _set_answer(generation: Generation, answer: str) -> None:
    """Write the answer without an event: users see only the answer that the hub gives in the end."""
    Generation.objects.live().filter(pk=generation.pk).update(cancel_answer=answer)
