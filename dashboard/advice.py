"""What an unhappy ending means for somebody's generation, and what to do about it."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from queueapp.models import Generation
from queueapp.states import STATE_TEXTS, State


@dataclass(frozen=True, slots=True)
class Advice:
    """What happened, what it means, what to do."""

    happened: str
    means: str
    do: str


_AGAIN = "“Use again” puts the same prompt and settings into the form."
_FAILED: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "parameters": (
            "The model never started on it, so there is no result.",
            "Use it again and change the setting that is named above.",
        ),
        "settings": (
            "The hub's model did not take the settings, so there is no result.",
            "Use it again and change the setting that is named above.",
        ),
        "moderation": (
            "The model's provider refuses such words or pictures, so there is no result.",
            "Use it again with other words, or try another model.",
        ),
        "refused": (
            "The hub did not take it: nothing was made.",
            f"{_AGAIN} Change what is named above first.",
        ),
        "not sent": ("Nothing was made and nothing billed.", _AGAIN),
        "input": (
            "It was not sent to the model, so nothing was billed.",
            "Use it again and choose the picture or video again.",
        ),
        "worker died": (
            "It was given up so that it does not stop everybody else's work.",
            "Try it once more, smaller or shorter; if it happens again, tell your admin.",
        ),
        "engine": ("There is no result.", f"{_AGAIN} If it fails the same way, tell your admin."),
        "credits": (
            "It met the empty account: nothing was made and nothing billed. What still waits stays queued.",
            "Ask your admin to top the account up, then use it again.",
        ),
    }
)
_BY_STATE: Mapping[State, tuple[str, str]] = MappingProxyType(
    {
        State.FAILED: ("It ended without a result.", _AGAIN),
        State.EXPIRED: (
            "Whatever the backend was doing with it, Drover no longer waits for it.",
            f"{_AGAIN} Check first whether the backend is keeping up.",
        ),
        State.LOST: (
            "There may be a result in the hub's own account, without anyone here being able to tell.",
            "Look into that account before you run it again, or you may pay twice.",
        ),
        State.FINISHED: (
            "The hub told no outcome: it may have made it, and billed it, or have failed.",
            "Look for the result in the hub's own account before you run it again.",
        ),
    }
)


def advice_for(generation: Generation) -> Advice | None:
    """None where all is well or somebody meant it so."""
    state = State(generation.state)
    if state not in _BY_STATE:
        return None
    means, do = _BY_STATE[state]
    if state is State.EXPIRED and generation.may_be_billed:
        means, do = _BY_STATE[State.LOST]
    if state is State.FAILED:
        means, do = _FAILED.get(generation.category, (means, do))
    unsaid = STATE_TEXTS[state].meaning if state is State.FINISHED else "No reason was given."
    return Advice(generation.reason or unsaid, means, do)
