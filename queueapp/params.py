"""Parse the parameters of generations strictly, and validate them against the JSON Schema of a model.

Drover stores parameters and sends them on unchanged. Values that JSON, SQLite or PostgreSQL cannot represent
exactly are therefore rejected when they are parsed.
"""

import json
import math
from collections.abc import Iterable, Mapping
from typing import Any

from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError
from referencing import Registry

from queueapp.errors import BadRequest

Json = Any
Params = dict[str, Json]

#: Levels of nesting. SQLite rejects more than 1,000; the parameters of real models have fewer than 10.
MAX_DEPTH = 64
#: Fields of an enqueue request that are for the queue. All other fields are parameters of the model.
QUEUE_FIELDS = ("model", "num_generations", "target_namespace")
#: Parameters that describe the result: one prompt, or a list of shots with a prompt each.
PROMPT_PARAMETERS = ("prompt", "multi_prompt")


def read_json(raw: bytes | str) -> Json:
    """Return the parsed value of JSON that can be stored and sent on unchanged.

    Raises BadRequest, with the reason, for input that is not strictly JSON (NaN, Infinity, invalid UTF-8) and
    for values that a database cannot store (NUL characters, unpaired surrogates, deep nesting, huge numbers).
    """
    try:
        value = json.loads(raw, parse_constant=_reject_constant)
    except RecursionError:
        raise BadRequest(f"The JSON is nested deeper than {MAX_DEPTH} levels.") from None
    except (ValueError, UnicodeDecodeError) as error:
        raise BadRequest(f"Invalid JSON: {error}") from None
    ensure_storable(value)
    return value


def _reject_constant(name: str) -> Json:
    raise ValueError(f"{name} is not a JSON number")


def ensure_storable(value: Json, depth: int = 0) -> None:
    """Raise BadRequest if part of a parsed JSON value cannot be stored and sent on unchanged.

    `depth` is the number of levels above `value`.
    """
    if depth > MAX_DEPTH:
        raise BadRequest(f"The JSON is nested deeper than {MAX_DEPTH} levels.")
    if isinstance(value, str):
        _ensure_storable_text(value)
    elif isinstance(value, int | float) and not _is_storable_number(value):
        raise BadRequest("A number is too large.")
    elif isinstance(value, list):
        for item in value:
            ensure_storable(item, depth + 1)
    elif isinstance(value, dict):
        for key, item in value.items():
            _ensure_storable_text(key)
            ensure_storable(item, depth + 1)


def _is_storable_number(value: float) -> bool:
    return abs(value) < 10**1000 if isinstance(value, int) else math.isfinite(value)


def _ensure_storable_text(text: str) -> None:
    if "\0" in text:
        raise BadRequest("A string contains a NUL character.")
    try:
        text.encode()
    except UnicodeEncodeError:
        raise BadRequest("A string contains an unpaired surrogate.") from None


def get_prompt(params: Mapping[str, Json]) -> str:
    """Return the prompt, or the prompts of all shots joined by " / ", or "" if there is neither."""
    prompt = params.get("prompt")
    if isinstance(prompt, str):
        return prompt
    shots = params.get("multi_prompt")
    if not isinstance(shots, list):
        return ""
    prompts = (shot.get("prompt") for shot in shots if isinstance(shot, dict))
    return " / ".join(prompt for prompt in prompts if isinstance(prompt, str))


def validation_errors(schema: Mapping[str, Json], params: Mapping[str, Json]) -> dict[str, str]:
    """Return an error message for each parameter that the schema does not allow; empty if all are valid.

    Unknown parameters are allowed. An invalid schema gives no errors, so that the hub decides. References to
    other documents are not followed, so a schema cannot make Drover download anything.
    """
    errors: dict[str, str] = {}
    try:
        supports_shots = "multi_prompt" in schema.get("properties", {})
        validator = Draft202012Validator(dict(schema), registry=Registry())
        for error in validator.iter_errors(dict(params)):
            if supports_shots and error.validator in ("oneOf", "anyOf") and not error.absolute_path:
                continue  # `_prompt_or_shots_errors` explains the choice between prompt and shots better.
            for name, message in _field_errors(error):
                errors.setdefault(name, message)
    except Exception:  # An invalid schema can raise anything.
        return {}
    return errors | _prompt_or_shots_errors(params) if supports_shots else errors


def _prompt_or_shots_errors(params: Mapping[str, Json]) -> dict[str, str]:
    """Require exactly one of `prompt` and `multi_prompt`, as models that support shots do."""
    present = [name for name in PROMPT_PARAMETERS if params.get(name)]
    if len(present) == 2:
        return {"multi_prompt": "Enter a prompt or several shots, not both."}
    if not present:
        return {"prompt": "Enter a prompt or several shots."}
    return {}


_TYPE_NAMES = {
    "string": "text",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
    "array": "a list",
    "object": "an object",
    "null": "empty",
}


def _field_errors(error: ValidationError) -> Iterable[tuple[str, str]]:
    """Return one schema error as pairs of a field's name and a message.

    An error inside a list or an object belongs to the field that contains it.
    """
    if error.validator == "required" and not error.absolute_path:
        return [(name, "This is required.") for name in _missing_names(error)]
    name = str(error.absolute_path[0]) if error.absolute_path else "parameters"
    path = "".join(f"[{part}]" for part in list(error.absolute_path)[1:])
    return [(name, f"{path} {_message(error)}".lstrip())]


def _missing_names(error: ValidationError) -> list[str]:
    """Return the required names that the value of a "required" error lacks."""
    required: Any = error.validator_value
    value: Any = error.instance
    return [name for name in required if name not in value]


def _message(error: ValidationError) -> str:
    limit: Any = error.validator_value
    match error.validator:
        case "type":
            types = limit if isinstance(limit, list) else [limit]
            return f"Must be {' or '.join(_TYPE_NAMES.get(str(name), str(name)) for name in types)}."
        case "enum":
            return f"Must be one of {', '.join(str(choice) for choice in limit)}."
        case "minimum":
            return f"Must be at least {limit}."
        case "maximum":
            return f"Must be at most {limit}."
        case "minLength":
            return "Must not be empty." if limit == 1 else f"Must have at least {limit} characters."
        case "maxLength":
            return f"Must have at most {limit} characters."
        case "minItems":
            return f"Must have at least {_item_count(limit)}."
        case "maxItems":
            return f"Must have at most {_item_count(limit)}."
        case "required":
            return f"Must have {', '.join(_missing_names(error))}."
        case _:
            return error.message[:200]


def _item_count(limit: Any) -> str:
    return "1 item" if limit == 1 else f"{limit} items"
