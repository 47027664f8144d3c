"""Prepare the parameters of a submission for its page, and as a curl command."""

import json
import shlex
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from dashboard.composer.fields import to_text
from queueapp.models import Submission
from queueapp.params import PROMPT_PARAMETERS, Params
from queueapp.services.inputs import parse_reference

#: Characters of a value that the page shows; the curl command contains all of them.
_MAX_VALUE = 600


@dataclass(frozen=True, slots=True)
class ParameterValue:
    """A value as text. `input_id` is set if the value is a stored input."""

    text: str
    input_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Parameter:
    """A parameter with its value, or with the items of its list."""

    name: str
    values: tuple[ParameterValue, ...]


def list_parameters(params: Params) -> tuple[Parameter, ...]:
    """Return all parameters except the prompt and the shots."""
    return tuple(
        Parameter(name, _values(value)) for name, value in params.items() if name not in PROMPT_PARAMETERS
    )


def _values(value: Any) -> tuple[ParameterValue, ...]:
    items = value if isinstance(value, list) and value else [value]
    return tuple(_value(item) for item in items)


def _value(value: Any) -> ParameterValue:
    if input_id := parse_reference(value):
        return ParameterValue("Stored input", input_id)
    text = to_text(value)
    return ParameterValue(text if len(text) <= _MAX_VALUE else f"{text[:_MAX_VALUE]}…")


def curl_command(submission: Submission, url: str) -> str:
    """Return a shell command that submits the same to the API at `url`."""
    body: dict[str, Any] = {"model": submission.model_name}
    if submission.num_generations != 1:
        body["num_generations"] = submission.num_generations
    if submission.target_namespace is not None:
        body["target_namespace"] = submission.target_namespace
    data = shlex.quote(json.dumps(body | submission.params, ensure_ascii=False, indent=2))
    return (
        f"curl {url} \\\n"
        '  -H "Authorization: Bearer $DROVER_TOKEN" \\\n'
        '  -H "Content-Type: application/json" \\\n'
        f"  -d {data}"
    )
