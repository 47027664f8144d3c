"""Compare submitted parameters with the echo of parameters in a hub's list."""

from collections.abc import Mapping
from enum import IntEnum
from typing import Any

from queueapp.upstream.messages import SYSTEM_FIELDS
from queueapp.upstream.parsing import truncate
from queueapp.upstream.redaction import ELLIPSIS, Redactor

#: Characters that a cut echo must have in common with the submitted text.
MIN_CUT_TEXT = 40
#: Parameters that cannot be compared, because the hub's field of the same name covers the echo.
_NOT_ECHOED = SYSTEM_FIELDS | {"id"}

_redact = Redactor()


class Match(IntEnum):
    """The degree to which an echo matches what was submitted."""

    NONE = 0
    #: It differs as echoes do: a number as text, an input's content cut or replaced by a link.
    LOOSE = 1
    EXACT = 2


def comparable_params(params: Mapping[str, Any]) -> dict[str, Any]:
    """Return the part of submitted parameters that an echo is compared with, cut as an echo is.

    The content of inputs is cut off, so the result is small enough to keep.
    """
    echoed = {name: value for name, value in params.items() if name not in _NOT_ECHOED}
    cut: dict[str, Any] = truncate(echoed, _redact)
    return cut


def compare_params(submitted: Mapping[str, Any], echo: Mapping[str, Any]) -> Match:
    """Return how well an echo matches: it contains everything submitted and requests nothing else.

    A hub may add settings of its own. It does not add prompts or inputs.
    """
    match = min(
        (_compare_values(value, echo.get(name)) for name, value in submitted.items()), default=Match.EXACT
    )
    for name in echo.keys() - submitted.keys() - _NOT_ECHOED:
        if echo[name] is not None:
            match = min(match, Match.NONE if _is_prompt_or_input(name, echo[name]) else Match.LOOSE)
    return match


def _is_prompt_or_input(name: str, value: Any) -> bool:
    is_link = isinstance(value, str) and value.lower().startswith(("data:", "http:", "https:"))
    return name.endswith("prompt") or is_link


def _compare_values(submitted: Any, echo: Any) -> Match:
    match submitted, echo:
        case dict(), dict():
            return compare_params(submitted, echo)
        case list(), list():
            return _compare_lists(submitted, echo)
        case _ if type(submitted) is type(echo) and submitted == echo:
            return Match.EXACT
        case _, None:
            return _loose_if(submitted in ("", [], {}))
        case str(), str():
            return _compare_texts(submitted, echo)
        case (bool(), _) | (_, bool()):
            return _loose_if(str(submitted).lower() == str(echo).lower())
        case int() | float(), int() | float():
            return Match.EXACT if submitted == echo else Match.NONE
        case int() | float() | str(), int() | float() | str():
            return _loose_if(_is_same_number(submitted, echo))
    return Match.NONE


def _compare_lists(submitted: list[Any], echo: list[Any]) -> Match:
    if len(submitted) != len(echo):
        return Match.NONE
    return min(map(_compare_values, submitted, echo), default=Match.EXACT)


def _compare_texts(submitted: str, echo: str) -> Match:
    beginning = echo.rstrip(f"{ELLIPSIS}. ")
    if submitted.lower().startswith("data:"):
        if not echo.lower().startswith("data:"):
            return Match.LOOSE  # Hubs store an input elsewhere and echo a link or a placeholder.
        length = min(len(submitted.rstrip(ELLIPSIS)), len(beginning))
        return _loose_if(submitted[:length] == echo[:length])
    is_cut = beginning != echo and len(beginning) >= MIN_CUT_TEXT
    if is_cut and submitted.startswith(beginning):
        return Match.LOOSE
    return _loose_if(submitted.strip() == echo.strip() or _is_same_number(submitted, echo))


def _loose_if(is_alike: bool) -> Match:
    return Match.LOOSE if is_alike else Match.NONE


def _is_same_number(submitted: float | str, echo: float | str) -> bool:
    try:
        return float(submitted) == float(echo)
    except (ValueError, OverflowError):
        return False
