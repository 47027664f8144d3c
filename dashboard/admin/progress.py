"""What the admin says of a generation's progress, and how it cancels."""

from collections import Counter

from django.contrib import messages
from django.http import HttpRequest
from django.utils import timezone

from dashboard.admin.base import counted, person, span
from queueapp.errors import NotFound
from queueapp.models import Generation
from queueapp.models.generations import GenerationQuerySet
from queueapp.services import generations
from queueapp.states import CANCELLING_TEXT, STATE_TEXTS, State

#: How much of a prompt a list shows.
PROMPT = 120
NO_PROMPT = "(no prompt)"


def state_word(generation: Generation) -> str:
    """The state in one word, as everywhere in Drover."""
    return CANCELLING_TEXT.label if generation.is_cancelling else STATE_TEXTS[State(generation.state)].label


def pace_of(generation: Generation) -> str:
    """How long it waits, runs, or took."""
    if generation.ended_at is not None:
        began = generation.released_at
        return f"took {span(generation.ended_at - began)}" if began else "never started"
    if generation.released_at is not None:
        return f"running for {span(timezone.now() - generation.released_at)}"
    return f"waiting for {span(timezone.now() - generation.enqueued_at)}"


class CancelsGenerations:
    """May cancel whoever may change generations, although nobody edits them."""

    def has_cancel_permission(self, request: HttpRequest) -> bool:
        return person(request).has_perm("queueapp.change_generation")

    def cancel_all(self, request: HttpRequest, chosen: GenerationQuerySet) -> None:
        """Ask each live one to stop, and say how many were asked, how many could not be, and why."""
        refused = Counter({"had ended": chosen.filter(ended_at__isnull=False).count()})
        asked = 0
        for generation in list(chosen.live()):
            try:
                generations.cancel(generation, person(request))
            except NotFound:
                refused[_why_not(generation)] += 1
            else:
                asked += 1
        _tell(request, asked, +refused)


def _why_not(generation: Generation) -> str:
    generation.refresh_from_db(fields=["state", "cancel_requested_at"])
    return "had been asked before" if generation.is_live else "had ended"


def _tell(request: HttpRequest, asked: int, refused: Counter[str]) -> None:
    if asked:
        text = f"Cancelled {counted(asked, 'generation')}; what a backend works on stops when it answers."
        messages.success(request, text)
    if refused:
        reasons = ", ".join(f"{count:,} {reason}" for reason, count in refused.items())
        text = f"{counted(refused.total(), 'generation')} could not be cancelled: {reasons}."
        messages.warning(request, text)
