"""Parameters of a generation: reading them strictly, and checking them against a model's JSON Schema.

Parameters pass through Drover untouched, so what is read must be writable again: to JSON, to SQLite and
to PostgreSQL. Whatever would not survive that trip is refused at the door with a reason.
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

#: SQLite refuses JSON nested deeper than 1,000 levels; no model's parameters come near this.
MAX_DEPTH = 64
#: Named in the body of an enqueue for the queue itself; everything else belongs to the model.
QUEUE_FIELDS = ("model", "num_generations", "target_namespace")


def read_json(raw: bytes | str) -> Json:
    """Parse JSON that can be stored and sent on as it is.

    Raises BadRequest, with the reason, for anything that is not JSON by the letter (NaN, Infinity, bytes
    that are not UTF-8) and for what a database cannot hold (NUL, lone surrogates, endless nesting).
    """
    try:
        value = json.loads(raw, parse_constant=_refuse_constant)
    except RecursionError:
        raise BadRequest(f"The JSON is nested deeper than {MAX_DEPTH} levels.") from None
    except (ValueError, UnicodeDecodeError) as error:
        raise BadRequest(f"The body is not JSON: {error}") from None
    ensure_storable(value)
    return value


def _refuse_constant(name: str) -> Json:
    raise ValueError(f"{name} is no JSON number")


def ensure_storable(value: Json, depth: int = 0) -> None:
    """Raise BadRequest if any part of a parsed JSON value could not be stored and sent on unchanged."""
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
        raise BadRequest("A string holds a NUL character.")
    try:
        text.encode()
    except UnicodeEncodeError:
        raise BadRequest("A string holds half of a surrogate pair.") from None


def get_prompt(params: Mapping[str, Json]) -> str:
    """The words a person would recognise a generation by: its prompt, or its shots' prompts in a row."""
    prompt = params.get("prompt")
    if isinstance(prompt, str):
        return prompt
    shots = params.get("multi_prompt")
    if not isinstance(shots, list):
        return ""
    told = (shot.get("prompt") for shot in shots if isinstance(shot, dict))
    return " / ".join(text for text in told if isinstance(text, str))


def validation_errors(schema: Mapping[str, Json], params: Mapping[str, Json]) -> dict[str, str]:
    """What the model would refuse, as field name -> plain words; empty when all is well.

    Unknown parameters are no problem. A schema that is itself broken finds nothing wrong: the hub decides.
    References lead nowhere outside the schema: nothing is ever fetched.
    """
    found: dict[str, str] = {}
    try:
        takes_shots = "multi_prompt" in schema.get("properties", {})
        validator = Draft202012Validator(dict(schema), registry=Registry())
        for error in validator.iter_errors(dict(params)):
            if takes_shots and error.validator in ("oneOf", "anyOf") and not error.absolute_path:
                continue  # The choice between a prompt and shots, said better below.
            for name, text in _field_errors(error):
                found.setdefault(name, text)
    except Exception:  # A hub's schema may be broken in any way.
        return {}
    if takes_shots:
        found.update(_prompt_or_shots(params))
    return found


def _prompt_or_shots(params: Mapping[str, Json]) -> dict[str, str]:
    """A model that takes several shots wants them or one prompt: refuses both together, and neither."""
    given = [name for name in ("prompt", "multi_prompt") if params.get(name)]
    if len(given) == 2:
        return {"multi_prompt": "Give a prompt or several shots, not both."}
    if not given:
        return {"prompt": "Give a prompt or several shots."}
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
    """One schema error as (field, words). Errors inside a list name the field that holds it."""
    limit: Any = error.validator_value
    given: Any = error.instance
    if error.validator == "required" and not error.absolute_path:
        missing = [name for name in limit if name not in given]
        return [(name, "This is required.") for name in missing]
    name = str(error.absolute_path[0]) if error.absolute_path else "parameters"
    place = "".join(f"[{part}]" for part in list(error.absolute_path)[1:])
    words = _error_text(error)
    return [(name, f"{place} {words}" if place else words)]


def _error_text(error: ValidationError) -> str:
    limit: Any = error.validator_value
    given: Any = error.instance
    match error.validator:
        case "type":
            wanted = limit if isinstance(limit, list) else [limit]
            return f"Must be {' or '.join(_TYPE_NAMES.get(str(kind), str(kind)) for kind in wanted)}."
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
            return f"Needs at least {limit}."
        case "maxItems":
            return f"Takes at most {limit}."
        case "required":
            missing = [name for name in limit if name not in given]
            return f"Needs {', '.join(missing)}."
        case _:
            return error.message[:200]
