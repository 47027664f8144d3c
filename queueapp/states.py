"""The states of a generation and the legal moves between them: the only place that lists either.

Every reader of a state (pages, API, admin, pump) takes its groups and its words from the tables here.
"""

from collections.abc import Mapping
from dataclasses import dataclass
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

#: From each state, the states a generation may move to next.
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

#: Still going: held here, on its way, or at the backend.
LIVE = (_S.QUEUED, _S.SUBMITTING, _S.UNCERTAIN, _S.PROCESSING)
#: Over. `finished` may still turn into `succeeded` or `failed` when a later word tells which it was.
ENDED = tuple(state for state in State if state not in LIVE)
#: Over, and the person did not get what they asked for.
UNSUCCESSFUL = (_S.FAILED, _S.EXPIRED, _S.LOST)


def states_before(to: State) -> tuple[State, ...]:
    """The states from which a generation may move to `to`."""
    return tuple(state for state, targets in TRANSITIONS.items() if to in targets)


#: What the served API calls a state, in the words its clients' schemas allow.
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
    """How a state is said to a person: one word, and what it means for their generation."""

    label: str
    meaning: str


STATE_TEXTS: Mapping[State, StateText] = MappingProxyType(
    {
        _S.QUEUED: StateText("Queued", "Waiting here for a free place at the backend."),
        _S.SUBMITTING: StateText("Sending", "Being handed to the backend."),
        _S.UNCERTAIN: StateText(
            "Checking", "The backend's answer was lost; looking for the generation in its list."
        ),
        _S.PROCESSING: StateText("Running", "The backend is working on it."),
        _S.SUCCEEDED: StateText("Done", "Ended with a result."),
        _S.FINISHED: StateText("Finished", "Left the hub's list; the hub told no outcome."),
        _S.FAILED: StateText("Failed", "Ended without a result."),
        _S.CANCELLED: StateText("Cancelled", "Stopped because somebody asked for it."),
        _S.EXPIRED: StateText("Expired", "Did not end within 24 hours."),
        _S.LOST: StateText("Lost", "Nobody can tell any more what became of it."),
    }
)

#: Shown in place of the state's own word while a cancel has been asked for and not yet answered.
CANCELLING_TEXT = StateText("Cancelling", "Asked to stop; waiting for the backend's answer.")

# What is told of an ending where it matters whether the hub made, and billed, anything.
#: Told where a hub certainly made nothing, although it was not known at first.
NOTHING_MADE = "Nothing was made and nothing billed: it is safe to run it again."
MAY_BE_BILLED = (
    "The hub's answer was lost, and its list does not tell what became of it: "
    "the hub may have made and billed it. "
    "Look into the hub's account before you run it again."
)
UNKNOWN_TO_HUB = "The hub does not know it any more and told no outcome: it may have made and billed it."
CANCELLED_TOO_LATE = "The cancel came too late: it had ended at the hub."


@dataclass(frozen=True, slots=True)
class StateGroup:
    """A set of states under one name, as the filter of the table offers it."""

    name: str
    label: str
    states: tuple[State, ...]


STATE_GROUPS = (
    StateGroup("active", "Active", LIVE),
    StateGroup("done", "Done", (_S.SUCCEEDED, _S.FINISHED)),
    StateGroup("failed", "Failed", UNSUCCESSFUL),
    StateGroup("cancelled", "Cancelled", (_S.CANCELLED,)),
)
