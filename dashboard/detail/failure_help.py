"""Explain a generation that ended without a result: what happened, what it means, what to do next."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from queueapp.models import Generation
from queueapp.states import STATE_TEXTS, State


@dataclass(frozen=True, slots=True)
class FailureHelp:
    """Help after a failure, in the order in which a page shows it."""

    reason: str
    consequence: str
    next_step: str


_USE_AGAIN = "“Use again” copies the prompt and the settings into the form."

#: Consequence and next step of a failure, by its category.
_BY_CATEGORY: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "parameters": (
            "The model never started, so there is no result.",
            "Use it again and change the setting named above.",
        ),
        "settings": (
            "The hub's model rejected the settings, so there is no result.",
            "Use it again and change the setting named above.",
        ),
        "moderation": (
            "The model's provider rejects such prompts or images, so there is no result.",
            "Use it again with another prompt, or try another model.",
        ),
        "refused": (
            "The hub rejected it: nothing was made.",
            f"{_USE_AGAIN} Change what is named above first.",
        ),
        "not sent": ("Nothing was made and nothing was billed.", _USE_AGAIN),
        "input": (
            "It was not sent to the model, so nothing was billed.",
            "Use it again and choose the image or video again.",
        ),
        "worker died": (
            "Drover stopped trying, so that it does not block the queue.",
            "Try once more, smaller or shorter. If it fails again, tell your admin.",
        ),
        "engine": ("There is no result.", f"{_USE_AGAIN} If it fails the same way, tell your admin."),
        "credits": (
            "The account was empty: nothing was made, nothing was billed. Waiting generations stay queued.",
            "Ask your admin to top up the account, then use it again.",
        ),
    }
)
#: The same by state, for failures of another category and for the other states without a result.
_BY_STATE: Mapping[State, tuple[str, str]] = MappingProxyType(
    {
        State.FAILED: ("It ended without a result.", _USE_AGAIN),
        State.EXPIRED: (
            "Drover stopped waiting for the backend.",
            f"{_USE_AGAIN} Check first that the backend keeps up.",
        ),
        State.LOST: (
            "The hub's account may contain a result that Drover cannot identify.",
            "Check that account before you run it again, or you may pay twice.",
        ),
        State.FINISHED: (
            "The hub reported no outcome: it may have made and billed it, or it may have failed.",
            "Look for the result in the hub's own account before you run it again.",
        ),
    }
)


def failure_help_for(generation: Generation) -> FailureHelp | None:
    """Return help for a generation that ended without a result; None if it succeeded or was cancelled."""
    state = State(generation.state)
    if state not in _BY_STATE:
        return None
    consequence, next_step = _BY_STATE[state]
    if state is State.EXPIRED and generation.may_be_billed:
        consequence, next_step = _BY_STATE[State.LOST]
    if state is State.FAILED:
        consequence, next_step = _BY_CATEGORY.get(generation.category, (consequence, next_step))
    no_reason = STATE_TEXTS[state].meaning if state is State.FINISHED else "The backend gave no reason."
    return FailureHelp(generation.reason or no_reason, consequence, next_step)
