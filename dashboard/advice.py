"""What an unhappy ending means for somebody's generation, and what to do about it."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from queueapp.models import Generation
from queueapp.states import State


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
            "It was not started.",
            "Ask your admin to add credits to the connection, then use it again.",
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
            "The backend may have made it, and billed it, without anyone here being able to tell.",
            "Look into the backend's own account before you run it again, or you may pay twice.",
        ),
        State.FINISHED: (
            "The hub has let go of it without saying how it ended; the result may still be found.",
            "Nothing for now. If the picture appears, it will be shown here.",
        ),
    }
)


def advice_for(generation: Generation) -> Advice | None:
    """None where all is well or somebody meant it so."""
    state = State(generation.state)
    if state not in _BY_STATE:
        return None
    means, do = _BY_STATE[state]
    if state is State.FAILED:
        means, do = _FAILED.get(generation.category, (means, do))
    return Advice(generation.reason or "No reason was given.", means, do)
