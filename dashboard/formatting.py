"""Format durations, sizes and parameters as short texts."""

from collections.abc import Iterator
from typing import Any

from queueapp.params import PROMPT_PARAMETERS, Params

#: Parameters named in a summary: as many as fit on a row beside the model's name.
MAX_SUMMARY = 3
#: Parameters whose value says enough without a name, in the order of a summary.
_UNNAMED = ("aspect_ratio", "resolution", "size", "image_size", "duration", "seed")
#: Characters of a value in a summary.
_MAX_VALUE = 20


def format_duration(seconds: float) -> str:
    """Return a duration in at most two units, as drover.js does: `2.5 s`, `1 min 05 s`, `2 h 10 min`."""
    seconds = max(0.0, seconds)
    whole = int(seconds)
    if whole < 60:
        return f"{seconds:.1f} s" if seconds < 9.95 else f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60:02d} s"
    return f"{whole // 3600} h {whole % 3600 // 60:02d} min"


def format_typical_duration(seconds: float) -> str:
    """Return a duration rounded to one unit: `about 12 s`."""
    if seconds < 1:
        return "about 1 s"
    if seconds < 90:
        return f"about {round(seconds)} s"
    return f"about {round(seconds / 60)} min"


def format_video_length(seconds: float) -> str:
    """Return a length as video players show it: `0:05`."""
    whole = max(1, round(seconds))
    return f"{whole // 60}:{whole % 60:02d}"


def format_bytes(count: int) -> str:
    """Return a file size in kB or MB."""
    if count < 1_000_000:
        return f"{max(1, round(count / 1000))} kB"
    return f"{count / 1_000_000:.1f} MB"


def summarize_params(params: Params) -> str:
    """Return the first parameters that distinguish a generation, in one line: `16:9 · 5 s · seed 7`."""
    return " · ".join([text for text in _summaries(params) if text][:MAX_SUMMARY])


def _summaries(params: Params) -> Iterator[str]:
    shots = params.get("multi_prompt")
    if isinstance(shots, list) and shots:
        yield f"{len(shots)} shots" if len(shots) > 1 else "1 shot"
    for name in _UNNAMED:
        yield _format_value(name, params.get(name))
    for name, value in params.items():
        if name not in (*_UNNAMED, *PROMPT_PARAMETERS):
            yield _format_named_value(name.replace("_", " "), value)


def _format_value(name: str, value: Any) -> str:
    if isinstance(value, bool) or not isinstance(value, str | int | float) or value == "":
        return ""
    if name == "duration":
        return f"{value} s" if str(value).replace(".", "").isdigit() else f"{value} length"
    return f"seed {value}" if name == "seed" else str(value)[:_MAX_VALUE]


def _format_named_value(label: str, value: Any) -> str:
    if isinstance(value, bool):
        return label if value else ""
    if isinstance(value, int | float):
        return f"{label} {value}"
    if isinstance(value, str) and len(value) <= _MAX_VALUE and "://" not in value:
        return f"{label} {value}"
    return ""
