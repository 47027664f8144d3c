"""How a hub's work ends here: from what the hub tells to the state, the words and what follows."""

import re
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from queueapp.models import Generation
from queueapp.services import catalog, downloads
from queueapp.services.lifecycle.transitions import log_event, transition
from queueapp.states import CANCELLED_TOO_LATE, MAY_BE_BILLED, NOTHING_MADE, UNKNOWN_TO_HUB, State
from queueapp.upstream.messages import Row

#: What the hub's words for a failure tell about its kind; the first that fits.
_FAILURE_PATTERNS = (
    ("moderation", re.compile(r"inspection ?failed|sensitive ?content|moderat|safety|nsfw|policy", re.I)),
    ("credits", re.compile(r"insufficient (credits|funds|balance)", re.I)),
    ("settings", re.compile(r"\b4(00|15|22)\b|unsupported_url_scheme|invalid|validation", re.I)),
)
_PROCESSING = Q(state=State.PROCESSING)


def classify_failure(words: str) -> str:
    """The category of a failure by the hub's words for it."""
    return next((kind for kind, pattern in _FAILURE_PATTERNS if pattern.search(words)), "upstream")


def has_ended(generation: Generation, row: Row) -> bool:
    """Whether the hub's row says that this is over: not where a parameter of its own has the name of the
    field that says so, for a hub may put it in the field's place."""
    return row.ended and "status" not in generation.submission.params


def end_by_row(generation: Generation, row: Row) -> bool:
    """End a generation as the hub's row says; the row is one that has ended. False if it had ended here."""
    match row.state:
        case "succeeded":
            return record_success(generation, row.result_url or "")
        case "failed":
            return record_failure(generation, row.error or "")
        case _:
            return record_cancelled(generation, began=row.started_at is not None)


def record_success(generation: Generation, url: str) -> bool:
    """It has a result at the hub, which is fetched from now on."""
    with transaction.atomic():
        if not transition(
            generation,
            State.SUCCEEDED,
            text=_too_late_text(generation),
            **_kept_end_time(generation),
            **_cost_check(),
        ):
            return False
        downloads.create_download(generation, url)
    catalog.update_durations(generation.model_id)
    return True


def record_failure(generation: Generation, words: str) -> bool:
    """The hub says that it failed."""
    reason = words.strip().partition("\n")[0]
    return transition(
        generation,
        State.FAILED,
        where=Q(state__in=(State.PROCESSING, State.FINISHED)),
        **_kept_end_time(generation),
        reason=reason or "The hub says that it failed, and gave no reason.",
        raw_reason=words,
        category=classify_failure(words),
        **_cost_check(),
    )


def record_cancelled(generation: Generation, *, began: bool | None) -> bool:
    """It was stopped at the hub; `began` is whether it was running by then, None where that is not told."""
    when = {True: "while it was running", False: "before it started", None: ""}[began]
    asked = generation.cancel_requested_at is not None
    who = "The hub stopped it" if asked else "Somebody stopped it at the hub"
    return transition(
        generation,
        State.CANCELLED,
        where=_PROCESSING,
        user=generation.cancel_requested_by if asked else None,
        text=f"{who} {when}.".replace(" .", "."),
        cancel_answer=Generation.CancelAnswer.STOPPED,
        **_cost_check(),
    )


def left_list(generation: Generation) -> bool:
    """It has left the list of a hub that tells no outcome; what an event told of it counts."""
    generation.refresh_from_db(fields=["completion_event"])
    told: dict[str, Any] = generation.completion_event or {}
    if told.get("state") == "succeeded":
        return record_success(generation, told.get("url", ""))
    if told.get("state") == "failed":
        return record_failure(generation, told.get("error", ""))
    if told.get("state") == "cancelled" or generation.cancel_answer == Generation.CancelAnswer.STOPPED:
        return record_cancelled(generation, began=None)
    reason = ""
    if generation.cancel_answer == Generation.CancelAnswer.TOO_LATE:
        reason = CANCELLED_TOO_LATE
    elif generation.cancel_answer == Generation.CancelAnswer.UNCLEAR:
        reason = "A cancel was sent and its answer was lost: it was stopped, or had ended."
    untold = _PROCESSING if told else _PROCESSING & Q(completion_event=None)
    if not transition(generation, State.FINISHED, where=untold, reason=reason):
        return False  # An event has told it in this moment: the next look ends it.
    catalog.update_durations(generation.model_id)
    return True


def completed_late(generation: Generation) -> bool:
    """An event about one that has left the list already: its result is fetched, its failure is one."""
    told: dict[str, Any] = generation.completion_event or {}
    if told.get("state") == "failed":
        return record_failure(generation, told.get("error", ""))
    if told.get("url"):
        return record_success(generation, told["url"])
    words = "The hub says that it succeeded, and tells no link to the result."
    return log_event(generation, "told later", text=words)


def missing(generation: Generation) -> bool:
    """A hub whose rows persist has none of this any more."""
    return transition(generation, State.LOST, where=_PROCESSING, reason=UNKNOWN_TO_HUB, category="vanished")


def not_found(generation: Generation, *, nothing_made: bool) -> bool:
    """The search for what may have been made goes no further; `nothing_made` says that it rules that out."""
    where = Q(state=State.UNCERTAIN)
    if nothing_made:
        return transition(
            generation,
            State.FAILED,
            where=where,
            reason=f"The hub never took it. {NOTHING_MADE}",
            category="not sent",
        )
    return transition(generation, State.LOST, where=where, reason=MAY_BE_BILLED, category="answer lost")


def _kept_end_time(generation: Generation) -> dict[str, Any]:
    """A later word does not change when it ended."""
    return {} if generation.ended_at is None else {"ended_at": generation.ended_at}


def _too_late_text(generation: Generation) -> str:
    return CANCELLED_TOO_LATE if generation.cancel_requested_at else ""


def _cost_check() -> dict[str, Any]:
    """What is written with an ending that the hub may tell the cost of."""
    return {"cost_check_at": timezone.now()}
