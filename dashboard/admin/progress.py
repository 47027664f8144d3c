"""Show the progress of generations in the admin, and cancel them."""

from collections import Counter
from datetime import datetime

from django.contrib import messages
from django.http import HttpRequest
from django.utils import timezone

from dashboard.admin.base import admin_user, pluralize
from dashboard.formatting import format_duration
from queueapp.errors import NotFound
from queueapp.models import Generation
from queueapp.models.generations import GenerationQuerySet
from queueapp.services import generations
from queueapp.states import CANCELLING_TEXT, STATE_TEXTS, State

#: Characters of a prompt in a list.
PROMPT_LENGTH = 120
NO_PROMPT = "(no prompt)"


def state_label(generation: Generation) -> str:
    """Return the label of the state, as on the other pages."""
    return CANCELLING_TEXT.label if generation.is_cancelling else STATE_TEXTS[State(generation.state)].label


def duration_text(generation: Generation) -> str:
    """Return how long a generation has waited, has run, or took."""
    started, ended = generation.released_at, generation.ended_at
    if ended is not None:
        return f"took {_time_between(started, ended)}" if started else "never started"
    if started is not None:
        return f"running for {_time_between(started, timezone.now())}"
    return f"waiting for {_time_between(generation.enqueued_at, timezone.now())}"


def _time_between(start: datetime, end: datetime) -> str:
    return format_duration((end - start).total_seconds())


class CancelGenerationsMixin:
    """Adds cancelling for users with the permission to change generations."""

    def has_cancel_permission(self, request: HttpRequest) -> bool:
        return admin_user(request).has_perm("queueapp.change_generation")

    def cancel_generations(self, request: HttpRequest, selected: GenerationQuerySet) -> None:
        """Cancel the active ones of these generations. Report how many, and why others were skipped."""
        skipped = Counter({"had ended": selected.filter(ended_at__isnull=False).count()})
        cancelled = 0
        for generation in list(selected.live()):
            try:
                generations.cancel(generation, admin_user(request))
            except NotFound:
                skipped[_refusal_reason(generation)] += 1
            else:
                cancelled += 1
        _report(request, cancelled, +skipped)


def _refusal_reason(generation: Generation) -> str:
    generation.refresh_from_db(fields=["state", "cancel_requested_at"])
    return "were cancelled before" if generation.is_live else "had ended"


def _report(request: HttpRequest, cancelled: int, skipped: Counter[str]) -> None:
    if cancelled:
        text = (
            f"Cancelled {pluralize(cancelled, 'generation')}. Running ones stop once their backend confirms."
        )
        messages.success(request, text)
    if skipped:
        reasons = ", ".join(f"{count:,} {reason}" for reason, count in skipped.items())
        text = f"{pluralize(skipped.total(), 'generation')} could not be cancelled: {reasons}."
        messages.warning(request, text)
