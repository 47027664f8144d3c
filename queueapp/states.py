"""The states of a generation, the legal transitions between them, and the texts that explain them.

Only this module lists states and transitions. Pages, API, admin and poller read its tables.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from types import MappingProxyType


class State(StrEnum):
    QUEUED = "queued"
    SUBMITTING = "submitting"
    UNCERTAIN = "uncertain"
    PROCESSING = "processing"
    SUCCEEDED = "succeeded"
    FINISHED = "finished"
    FAILED = "failed"
    CANCELLED = "cancelled"
    EXPIRED = "expired"
    LOST = "lost"


_S = State

#: From each state, the states that a generation can change to.
TRANSITIONS: Mapping[State, frozenset[State]] = MappingProxyType(
    {
        _S.QUEUED: frozenset({_S.SUBMITTING, _S.CANCELLED, _S.EXPIRED}),
        _S.SUBMITTING: frozenset({_S.PROCESSING, _S.UNCERTAIN, _S.QUEUED, _S.FAILED, _S.EXPIRED}),
        _S.UNCERTAIN: frozenset({_S.PROCESSING, _S.FAILED, _S.LOST, _S.EXPIRED}),
        _S.PROCESSING: frozenset({_S.SUCCEEDED, _S.FINISHED, _S.FAILED, _S.CANCELLED, _S.EXPIRED, _S.LOST}),
        _S.SUCCEEDED: frozenset(),
        _S.FINISHED: frozenset({_S.SUCCEEDED, _S.FAILED}),
        _S.FAILED: frozenset(),
        _S.CANCELLED: frozenset(),
        _S.EXPIRED: frozenset(),
        _S.LOST: frozenset(),
    }
)

#: States of generations that have not ended.
LIVE = (_S.QUEUED, _S.SUBMITTING, _S.UNCERTAIN, _S.PROCESSING)
#: States of generations that have ended. Only `finished` can still change, if the hub reports the outcome
#: late.
ENDED = tuple(state for state in State if state not in LIVE)
#: Ended states in which the user got no result, without having cancelled.
UNSUCCESSFUL = (_S.FAILED, _S.EXPIRED, _S.LOST)

#: A generation expires this long after it was enqueued, as at a hub.
LIFETIME = timedelta(hours=24)
_LIFETIME_TEXT = f"{LIFETIME // timedelta(hours=1)} hours"


def states_before(to: State) -> tuple[State, ...]:
    """Return the states from which a generation can change to `to`."""
    return tuple(state for state, targets in TRANSITIONS.items() if to in targets)


#: The `status` of each state in the served API. Clients of the hubs' API know only these values.
API_STATUS: Mapping[State, str] = MappingProxyType(
    {
        _S.QUEUED: "queued",
        _S.SUBMITTING: "queued",
        _S.UNCERTAIN: "queued",
        _S.PROCESSING: "processing",
        _S.SUCCEEDED: "succeeded",
        _S.FINISHED: "succeeded",
        _S.FAILED: "failed",
        _S.CANCELLED: "cancelled",
        _S.EXPIRED: "failed",
        _S.LOST: "failed",
    }
)


@dataclass(frozen=True, slots=True)
class StateText:
    """The label of a state in the user interface, and an explanation in one sentence."""

    label: str
    meaning: str


STATE_TEXTS: Mapping[State, StateText] = MappingProxyType(
    {
        _S.QUEUED: StateText("Queued", "Waiting for free capacity at the backend."),
        _S.SUBMITTING: StateText("Sending", "Being sent to the backend."),
        _S.UNCERTAIN: StateText(
            "Checking", "The backend's response was lost. Drover is searching the backend's list for it."
        ),
        _S.PROCESSING: StateText("Running", "The backend is working on it."),
        _S.SUCCEEDED: StateText("Done", "Completed with a result."),
        _S.FINISHED: StateText("Finished", "It left the hub's list. The hub did not report the outcome."),
        _S.FAILED: StateText("Failed", "Ended without a result."),
        _S.CANCELLED: StateText("Cancelled", "Stopped on request."),
        _S.EXPIRED: StateText("Expired", f"Did not end within {_LIFETIME_TEXT}."),
        _S.LOST: StateText("Lost", "The outcome is unknown and cannot be found out."),
    }
)

#: Replaces the text of a live state after a cancel request, until the backend has answered it.
CANCELLING_TEXT = StateText("Cancelling", "Cancel requested. Waiting for the backend's answer.")

NOTHING_BILLED = "Nothing was made or billed. It is safe to run it again."
MAY_BE_BILLED = "The hub may have made and billed it."


class EndReason(StrEnum):
    """Reasons for endings that Drover explains in its own words, because the hub gave none."""

    EXPIRED = f"It did not end within {_LIFETIME_TEXT}."
    EXPIRED_AT_HUB = f"It did not end within {_LIFETIME_TEXT}. {MAY_BE_BILLED}"
    FAILED_WITHOUT_REASON = "The hub reported a failure without a reason."
    NEVER_ACCEPTED = f"The hub never accepted it. {NOTHING_BILLED}"
    ANSWER_LOST = (
        "The hub's response was lost, and its list does not show what happened. "
        f"{MAY_BE_BILLED} Check the hub's account before you run it again."
    )
    UNKNOWN_TO_HUB = f"The hub no longer knows it and reported no outcome. {MAY_BE_BILLED}"
    CANCELLED_TOO_LATE = "The cancel came too late. It had already ended at the hub."
    CANCEL_UNCLEAR = (
        "The hub's answer to the cancel was lost. It was either stopped or had already ended at the hub."
    )


@dataclass(frozen=True, slots=True)
class StateGroup:
    """Several states that the table's filter offers as one choice."""

    name: str
    label: str
    states: tuple[State, ...]


STATE_GROUPS = (
    StateGroup("active", "Active", LIVE),
    StateGroup("done", "Done", (_S.SUCCEEDED, _S.FINISHED)),
    StateGroup("failed", "Failed", UNSUCCESSFUL),
    StateGroup("cancelled", "Cancelled", (_S.CANCELLED,)),
)
