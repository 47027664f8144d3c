"""Read and write the shots of a video: rows of a prompt and a duration, sent as `multi_prompt`."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.utils.datastructures import MultiValueDict

from dashboard.composer.fields import Json, clean_text, parse_number, to_text

SHOT_PROMPT, SHOT_SECONDS = "shot-prompt", "shot-seconds"


@dataclass(frozen=True, slots=True)
class Shot:
    """One shot as text: its prompt and its seconds. In the form, as the user typed them."""

    prompt: str = ""
    seconds: str = ""


def read_shots(data: MultiValueDict[str, str]) -> list[Shot]:
    """Return the shots in a form's data, without empty rows."""
    seconds = data.getlist(SHOT_SECONDS)
    shots = [
        Shot(prompt, seconds[row] if row < len(seconds) else "")
        for row, prompt in enumerate(data.getlist(SHOT_PROMPT))
    ]
    return [shot for shot in shots if shot.prompt.strip() or shot.seconds.strip()]


def write_shots(data: MultiValueDict[str, str], multi_prompt: Json) -> None:
    """Fill a form's data with the shots of a submission."""
    shots = multi_prompt_shots(multi_prompt)
    data.setlist(SHOT_PROMPT, [shot.prompt for shot in shots])
    data.setlist(SHOT_SECONDS, [shot.seconds for shot in shots])


def multi_prompt_shots(multi_prompt: Json) -> list[Shot]:
    """Return the shots in a value of the parameter `multi_prompt`; malformed ones are left out."""
    rows = multi_prompt if isinstance(multi_prompt, list) else []
    return [
        Shot(str(row.get("prompt", "")), to_text(row.get("duration", "")))
        for row in rows
        if isinstance(row, dict)
    ]


def parse_shots(shots: Iterable[Shot]) -> tuple[list[dict[str, Json]], str]:
    """Return the value of `multi_prompt`, and the error of the last invalid shot ("" if all are valid)."""
    values: list[dict[str, Json]] = []
    error = ""
    for number, shot in enumerate(shots, 1):
        value: dict[str, Json] = {}
        if prompt := clean_text(shot.prompt):
            value["prompt"] = prompt
        else:
            error = f"Shot {number} needs a prompt."
        try:
            if seconds := clean_text(shot.seconds):
                value["duration"] = parse_number(seconds, is_whole=True)
        except ValueError:
            error = f"The duration of shot {number} must be a whole number of seconds."
        values.append(value)
    return values, error
