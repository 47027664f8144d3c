"""End generations with the outcome that their hub reports, or with the most that can be known of it."""

import re
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from queueapp.models import Event, Generation
from queueapp.services import catalog, downloads
from queueapp.services.lifecycle.transitions import log_event, transition
from queueapp.states import EndReason, State
from queueapp.upstream.messages import Row

#: Categories of failures, and the error texts of hubs that they are recognised by. The first match counts.
_FAILURE_PATTERNS = (
    ("moderation", re.compile(r"inspection ?failed|sensitive ?content|moderat|safety|nsfw|policy", re.I)),
    ("credits", re.compile(r"insufficient (credits|funds|balance)", re.I)),
    ("settings", re.compile(r"\b4(00|15|22)\b|unsupported_url_scheme|invalid|validation", re.I)),
)
_PROCESSING = Q(state=State.PROCESSING)


def classify_failure(error: str) -> str:
    """Return the category of a failure with this error text."""
    return next((name for name, pattern in _FAILURE_PATTERNS if pattern.search(error)), "upstream")


def has_ended(generation: Generation, row: Row) -> bool:
    """Return whether the hub's row reports an ending.

    A hub may copy parameters over the fields of its rows. With a parameter named "status", the row's status
    is therefore not trusted.
    """
    return row.ended and "status" not in generation.submission.params


def end_by_row(generation: Generation, row: Row) -> bool:
    """End a generation as its row at the hub reports; return False if it had ended already.

    `row` must be one for which `has_ended` is true.
    """
    match row.state:
        case "succeeded":
            return record_success(generation, row.result_url or "")
        case "failed":
            return record_failure(generation, row.error or "")
        case _:
            return record_cancelled(generation, began=row.started_at is not None)


def record_success(generation: Generation, url: str) -> bool:
    """End a generation as succeeded and start the download of its result, in one transaction.

    `url` is "" if the hub reported no link. Returns False if it had ended already.
    """
    with transaction.atomic():
        if not transition(
            generation,
            State.SUCCEEDED,
            text=EndReason.CANCELLED_TOO_LATE if generation.cancel_requested_at else "",
            **_first_end_time(generation),
            **_cost_check(),
        ):
            return False
        downloads.create_download(generation, url)
    catalog.update_durations(generation.model_id)
    return True


def record_failure(generation: Generation, error: str) -> bool:
    """End a generation as failed with the hub's error text; return False if it had ended already."""
    first_line = error.strip().partition("\n")[0]
    return transition(
        generation,
        State.FAILED,
        where=Q(state__in=(State.PROCESSING, State.FINISHED)),
        **_first_end_time(generation),
        reason=first_line or EndReason.FAILED_WITHOUT_REASON,
        raw_reason=error,
        category=classify_failure(error),
        **_cost_check(),
    )


def record_cancelled(generation: Generation, *, began: bool | None) -> bool:
    """End a generation as cancelled at the hub; return False if it had ended already.

    `began` is whether it had started to run; None if unknown.
    """
    when = {True: " while it was running", False: " before it started", None: ""}[began]
    requested = generation.cancel_requested_at is not None
    actor = "The hub stopped it" if requested else "It was stopped at the hub"
    return transition(
        generation,
        State.CANCELLED,
        where=_PROCESSING,
        user=generation.cancel_requested_by if requested else None,
        text=f"{actor}{when}.",
        cancel_answer=Generation.CancelAnswer.STOPPED,
        **_cost_check(),
    )


def end_unlisted(generation: Generation) -> bool:
    """End a generation that left the list of a hub which does not report the outcome of single generations.

    A completion event decides, then an answered cancel. Without either it ends as finished. Returns False if
    another call ended it, or if an event arrived at this moment; the next poll then uses the event.
    """
    generation.refresh_from_db(fields=["completion_event"])
    event: dict[str, Any] = generation.completion_event or {}
    if event.get("state") == "succeeded":
        return record_success(generation, event.get("url", ""))
    if event.get("state") == "failed":
        return record_failure(generation, event.get("error", ""))
    if event.get("state") == "cancelled" or generation.cancel_answer == Generation.CancelAnswer.STOPPED:
        return record_cancelled(generation, began=None)
    unchanged = _PROCESSING if event else _PROCESSING & Q(completion_event=None)
    if not transition(generation, State.FINISHED, where=unchanged, reason=_finished_reason(generation)):
        return False
    catalog.update_durations(generation.model_id)
    return True


def _finished_reason(generation: Generation) -> str:
    match generation.cancel_answer:
        case Generation.CancelAnswer.TOO_LATE:
            return EndReason.CANCELLED_TOO_LATE
        case Generation.CancelAnswer.UNCLEAR:
            return EndReason.CANCEL_UNCLEAR
        case _:
            return ""


def record_late_completion(generation: Generation) -> bool:
    """Correct the outcome of a finished generation by its completion event; return whether it was written."""
    event: dict[str, Any] = generation.completion_event or {}
    if event.get("state") == "failed":
        return record_failure(generation, event.get("error", ""))
    if event.get("url"):
        return record_success(generation, event["url"])
    text = "The hub reported success without a link to the result."
    return log_event(generation, Event.Kind.COMPLETED_LATE, text=text)


def end_missing(generation: Generation) -> bool:
    """End a generation as lost: a hub that keeps the rows of ended generations has none of it."""
    return transition(
        generation,
        State.LOST,
        where=_PROCESSING,
        reason=EndReason.UNKNOWN_TO_HUB,
        category="vanished",
    )


def end_unreconciled(generation: Generation, *, nothing_made: bool) -> bool:
    """End an uncertain generation that was not found at the hub.

    It fails if `nothing_made` says that the hub cannot have made it, so that it is safe to run again.
    Otherwise it is lost.
    """
    uncertain = Q(state=State.UNCERTAIN)
    if nothing_made:
        reason, category = EndReason.NEVER_ACCEPTED, "not sent"
        return transition(generation, State.FAILED, where=uncertain, reason=reason, category=category)
    reason, category = EndReason.ANSWER_LOST, "answer lost"
    return transition(generation, State.LOST, where=uncertain, reason=reason, category=category)


def _first_end_time(generation: Generation) -> dict[str, Any]:
    """Return the fields that keep the first `ended_at` when a late outcome replaces an ending."""
    return {} if generation.ended_at is None else {"ended_at": generation.ended_at}


def _cost_check() -> dict[str, Any]:
    """Return the fields that ask for the cost, for endings that a hub may have billed."""
    return {"cost_check_at": timezone.now()}
