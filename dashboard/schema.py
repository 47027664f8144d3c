"""Fields grown from a model's JSON Schema: what to show for each parameter, and how to read it back.

Pure. A schema comes from a hub and may be anything; whatever cannot be shown better is shown as JSON.
"""

import json
import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from queueapp.errors import BadRequest
from queueapp.params import QUEUE_FIELDS, read_json

Json = Any
Schema = Mapping[str, Json]

#: Told apart from every value a person could give.
UNSET: Json = object()
#: Grown elsewhere: the prompt has a place of its own, and so have the shots.
_ELSEWHERE = ("prompt", "multi_prompt", *QUEUE_FIELDS)
_INTEGER = re.compile(r"[+-]?\d{1,400}", re.ASCII)
_LONG_TEXTS = ("prompt", "description", "text", "lyrics", "script")
_URL_NAMES = ("_url", "_uri", "_image", "_video", "_audio", "_frame", "_mask")
_FILES = {"image": ("image", "frame", "mask", "photo"), "video": ("video",), "audio": ("audio",)}
#: Without a list of its own, a model's first few settings are shown at once.
_USUALLY_FIRST = ("aspect_ratio", "resolution", "size", "image_size", "duration")


@dataclass(frozen=True, slots=True)
class Field:
    """One parameter in the form. `kind` is choice, integer, number, mixed, text, long, url, lines or json.

    `accepts` is the kind of file that may stand in the place of an address, as browsers write it.
    """

    name: str
    kind: str
    label: str
    help: str = ""
    required: bool = False
    basic: bool = False
    default: Json = UNSET
    choices: tuple[Json, ...] = ()
    minimum: float | None = None
    maximum: float | None = None
    longest: int | None = None
    accepts: str = ""
    items: Schema = field(default_factory=dict)

    @property
    def medium(self) -> str:
        """What kind of file of one's own can be given, image or video; nothing for other fields."""
        kind = self.accepts.removesuffix("/*")
        return kind if kind in ("image", "video") else ""

    @property
    def many(self) -> bool:
        """Whether it takes several values, a line each."""
        return self.kind == "lines"

    def read(self, typed: str) -> Json:
        """The parameter meant by what was typed; UNSET for nothing. ValueError says what is wrong."""
        text = typed.replace("\r\n", "\n").strip()
        if not text:
            return UNSET
        match self.kind:
            case "choice":
                return next((value for value in self.choices if written(value) == text), text)
            case "integer" | "number":
                return _number(text, whole=self.kind == "integer")
            case "lines":
                lines = [line.strip() for line in text.split("\n")]
                return [_item(line, self.items) for line in lines if line]
            case "json":
                return _json(text)
            case "mixed":
                return _mixed(text)
        return text

    def write(self, value: Json) -> str:
        """What a person would have typed for a value, so that `read` gives it back."""
        if self.kind == "lines" and isinstance(value, list):
            return "\n".join(written(item) for item in value)
        if self.kind == "json" and value is not UNSET:
            return json.dumps(value, ensure_ascii=False, indent=1)
        if self.kind == "choice" and not isinstance(value, bool):
            # A hub may list 30.0 and be sent 30: one choice.
            value = next((choice for choice in self.choices if choice == value), value)
        return written(value)


def written(value: Json) -> str:
    """A single JSON value as text."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _number(text: str, *, whole: bool) -> Json:
    if _INTEGER.fullmatch(text):
        return int(text)
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if whole or not math.isfinite(value):
        raise ValueError("Must be a whole number." if whole else "Must be a number.")
    return value


def _mixed(text: str) -> Json:
    """A parameter that takes words and numbers: a number if it is one."""
    try:
        return _number(text, whole=False)
    except ValueError:
        return text


def _item(text: str, items: Schema) -> Json:
    kinds = _types(items)
    if kinds & {"integer", "number"} and "string" not in kinds:
        return _number(text, whole="number" not in kinds)
    return text


def _json(text: str) -> Json:
    try:
        return read_json(text)
    except BadRequest as error:
        reason = error.detail.removeprefix("Invalid JSON: ")
        raise ValueError(f"This is not JSON: {reason}") from None


def fields_of(schema: Schema) -> list[Field]:
    """The fields of a model, in the order to show them; none that is hidden or has a place of its own."""
    found = [_field(name, spec, schema) for name, spec in _visible(schema)]
    return sorted(found, key=lambda each: not each.basic)


def takes(schema: Schema, name: str) -> bool:
    """Whether the model has this parameter."""
    return name in _properties(schema)


def requires(schema: Schema, name: str) -> bool:
    required = schema.get("required")
    return isinstance(required, list) and name in required


def _properties(schema: Schema) -> dict[str, Schema]:
    properties = schema.get("properties")
    if not isinstance(properties, dict):
        return {}
    return {name: spec for name, spec in properties.items() if isinstance(spec, dict)}


def _visible(schema: Schema) -> Iterator[tuple[str, Schema]]:
    properties = {
        name: _simplified(spec, schema)
        for name, spec in _properties(schema).items()
        if name not in _ELSEWHERE
    }
    shown = [(name, spec) for name, spec in properties.items() if not spec.get("x-hidden")]
    places = {name: place for place, name in enumerate(_basic(schema))}

    def place(item: tuple[str, Schema]) -> tuple[float, float]:
        order = _number_in(item[1], "x-order")
        return (math.inf if order is None else order, places.get(item[0], math.inf))

    yield from sorted(shown, key=place)


def _basic(schema: Schema) -> list[str]:
    told = schema.get("basic")
    if isinstance(told, list) and told:
        return [name for name in told if isinstance(name, str)]
    required = schema.get("required")
    first = [name for name in required if isinstance(name, str)] if isinstance(required, list) else []
    return [*first, *_USUALLY_FIRST]


def _simplified(spec: Schema, root: Schema) -> Schema:
    """A parameter's schema with a reference followed and a union of simple types told as one."""
    reference = spec.get("$ref")
    if isinstance(reference, str) and reference.startswith("#/"):
        target: Json = root
        for part in reference[2:].split("/"):
            target = target.get(part, {}) if isinstance(target, dict) else {}
        spec = {**(target if isinstance(target, dict) else {}), **spec}
    parts = spec.get("anyOf") or spec.get("oneOf")
    if not isinstance(parts, list) or not all(isinstance(part, dict) for part in parts):
        return spec
    kinds = sorted({kind for part in parts for kind in _types(part)})
    told: dict[str, Json] = {"type": kinds}
    for part in parts:
        told |= {key: value for key, value in part.items() if key not in ("type", "enum", "title")}
    return {**told, **spec}


def _types(spec: Schema) -> set[str]:
    told = spec.get("type")
    kinds = told if isinstance(told, list) else [told]
    return {kind for kind in kinds if isinstance(kind, str)} - {"null"}


def _field(name: str, spec: Schema, schema: Schema) -> Field:
    items = spec.get("items")
    text_limit = spec.get("maxLength")
    accepts, label = _accepts(name, spec), _label(name, spec)
    # A hub that names no first fields means nothing by it, and pictures come first.
    media_first = not schema.get("basic") and accepts.startswith(("image", "video"))
    return Field(
        name=name,
        kind=_kind(name, spec),
        label=re.sub(r"(?<=.) URLs?$", "", label) if accepts else label,
        help=str(spec.get("description") or "")[:300],
        required=requires(schema, name),
        basic=name in _basic(schema) or media_first,
        default=spec.get("default", UNSET),
        choices=_choices(spec),
        minimum=_number_in(spec, "minimum"),
        maximum=_number_in(spec, "maximum"),
        longest=text_limit if isinstance(text_limit, int) else None,
        accepts=accepts,
        items=items if isinstance(items, dict) else {},
    )


def _label(name: str, spec: Schema) -> str:
    title = spec.get("title")
    if isinstance(title, str) and title:
        return title[:60]
    words = re.sub(r"[_\-.\s]+", " ", name).strip()
    words = re.sub(r"\burls?\b", lambda found: found[0].upper().replace("S", "s"), words)
    return words[:1].upper() + words[1:]


def _choices(spec: Schema) -> tuple[Json, ...]:
    told = spec.get("enum")
    if isinstance(told, list) and told:
        return tuple(value for value in told if isinstance(value, str | int | float))
    return (True, False) if _types(spec) == {"boolean"} else ()


def _number_in(spec: Schema, name: str) -> float | None:
    value = spec.get(name)
    return value if isinstance(value, int | float) and not isinstance(value, bool) else None


def _kind(name: str, spec: Schema) -> str:
    kinds = _types(spec)
    if _choices(spec):
        return "choice"
    if kinds == {"array"}:
        items = spec.get("items")
        inner = _types(items) if isinstance(items, dict) else {"string"}
        return "lines" if inner and inner <= {"string", "integer", "number"} else "json"
    if kinds and kinds <= {"integer", "number"}:
        return "number" if "number" in kinds else "integer"
    if kinds and kinds <= {"string", "integer", "number"}:
        return _text_kind(name, spec) if kinds == {"string"} else "mixed"
    return "json"


def _accepts(name: str, spec: Schema) -> str:
    if _kind(name, spec) not in ("url", "lines"):
        return ""
    # What the hub says it is goes before what its name sounds like.
    for words in (str(spec.get("renderType", "")), name):
        for kind, signs in _FILES.items():
            if any(sign in words for sign in signs):
                return f"{kind}/*"
    return ""


def _text_kind(name: str, spec: Schema) -> str:
    shown_as = str(spec.get("renderType") or spec.get("format") or "")
    if shown_as in ("uri", "url") or shown_as.endswith("-url") or name.endswith(_URL_NAMES):
        return "url"
    return "long" if any(word in name for word in _LONG_TEXTS) else "text"
