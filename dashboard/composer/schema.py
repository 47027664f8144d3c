"""Build form fields from a model's JSON Schema.

Pure: no Django, no database. Schemas come from hubs and may be malformed. A parameter without a better
control is edited as JSON.
"""

import math
import re
from collections.abc import Iterator

from dashboard.composer.fields import MEDIA_KINDS, UNSET, Field, Json, Kind, Schema, types_of
from queueapp.params import PROMPT_PARAMETERS, QUEUE_FIELDS

#: Parameters with controls of their own, and names that belong to the queue.
_NOT_FIELDS = (*PROMPT_PARAMETERS, *QUEUE_FIELDS)
_MAX_HELP_LENGTH, _MAX_LABEL_LENGTH = 300, 60
_LONG_TEXT_NAMES = ("prompt", "description", "text", "lyrics", "script")
_URL_SUFFIXES = ("_url", "_uri", "_image", "_video", "_audio", "_frame", "_mask")
#: Words in a parameter's `renderType` or name that tell the kind of file it takes.
_FILE_WORDS = {"image": ("image", "frame", "mask", "photo"), "video": ("video",), "audio": ("audio",)}
#: Shown at once, beside required parameters, if the schema has no list `basic` of its own.
_COMMON_PARAMETERS = ("aspect_ratio", "resolution", "size", "image_size", "duration")
_SCALARS = {"string", "integer", "number"}


def build_fields(schema: Schema) -> list[Field]:
    """Return a model's fields in display order: basic ones first, without hidden parameters."""
    fields = [_build_field(name, spec, schema) for name, spec in _visible_parameters(schema)]
    return sorted(fields, key=lambda field: not field.basic)


def has_parameter(schema: Schema, name: str) -> bool:
    return name in _properties(schema)


def _properties(schema: Schema) -> dict[str, Schema]:
    properties = schema.get("properties")
    if not isinstance(properties, dict):
        return {}
    return {name: spec for name, spec in properties.items() if isinstance(spec, dict)}


def _visible_parameters(schema: Schema) -> Iterator[tuple[str, Schema]]:
    """Yield names and resolved schemas, ordered by `x-order`, then by the list of basic parameters."""
    specs = {name: _resolve(spec, schema) for name, spec in _properties(schema).items()}
    positions = {name: position for position, name in enumerate(_basic_names(schema))}

    def order(item: tuple[str, Schema]) -> tuple[float, float]:
        name, spec = item
        explicit = _get_number(spec, "x-order")
        return (math.inf if explicit is None else explicit, positions.get(name, math.inf))

    visible = [
        (name, spec) for name, spec in specs.items() if name not in _NOT_FIELDS and not spec.get("x-hidden")
    ]
    yield from sorted(visible, key=order)


def _basic_names(schema: Schema) -> list[str]:
    basic = schema.get("basic")
    if isinstance(basic, list) and basic:
        return [name for name in basic if isinstance(name, str)]
    return [*_required_names(schema), *_COMMON_PARAMETERS]


def _required_names(schema: Schema) -> list[str]:
    required = schema.get("required")
    return [name for name in required if isinstance(name, str)] if isinstance(required, list) else []


def _resolve(spec: Schema, root: Schema) -> Schema:
    """Return a parameter's schema with its `$ref` followed and its union of types merged into one schema."""
    spec = _follow_reference(spec, root)
    options = spec.get("anyOf") or spec.get("oneOf")
    if not isinstance(options, list) or not all(isinstance(option, dict) for option in options):
        return spec
    merged: dict[str, Json] = {"type": sorted({name for option in options for name in types_of(option)})}
    for option in options:
        merged |= {key: value for key, value in option.items() if key not in ("type", "enum", "title")}
    return {**merged, **spec}


def _follow_reference(spec: Schema, root: Schema) -> Schema:
    reference = spec.get("$ref")
    if not isinstance(reference, str) or not reference.startswith("#/"):
        return spec
    target: Json = root
    for key in reference[2:].split("/"):
        target = target.get(key, {}) if isinstance(target, dict) else {}
    return {**(target if isinstance(target, dict) else {}), **spec}


def _build_field(name: str, spec: Schema, schema: Schema) -> Field:
    kind = _kind(name, spec)
    file_kind = _file_kind(name, kind, spec)
    label = _label(name, spec)
    max_length = spec.get("maxLength")
    items = spec.get("items")
    # Without a list of basic parameters, images and videos are basic too.
    is_basic = name in _basic_names(schema) or (not schema.get("basic") and file_kind in MEDIA_KINDS)
    return Field(
        name=name,
        kind=kind,
        label=re.sub(r"(?<=.) URLs?$", "", label) if file_kind else label,
        help=str(spec.get("description") or "")[:_MAX_HELP_LENGTH],
        required=name in _required_names(schema),
        basic=is_basic,
        default=spec.get("default", UNSET),
        choices=_choices(spec),
        minimum=_get_number(spec, "minimum"),
        max_length=max_length if isinstance(max_length, int) else None,
        file_kind=file_kind,
        items=items if isinstance(items, dict) else {},
    )


def _label(name: str, spec: Schema) -> str:
    title = spec.get("title")
    if isinstance(title, str) and title:
        return title[:_MAX_LABEL_LENGTH]
    words = re.sub(r"[_\-.\s]+", " ", name).strip()
    words = re.sub(r"\burls?\b", lambda match: match[0].upper().replace("S", "s"), words)
    return words[:1].upper() + words[1:]


def _choices(spec: Schema) -> tuple[Json, ...]:
    values = spec.get("enum")
    if isinstance(values, list) and values:
        return tuple(value for value in values if isinstance(value, str | int | float))
    return (True, False) if types_of(spec) == {"boolean"} else ()


def _get_number(spec: Schema, key: str) -> float | None:
    value = spec.get(key)
    return value if isinstance(value, int | float) and not isinstance(value, bool) else None


def _kind(name: str, spec: Schema) -> Kind:
    types = types_of(spec)
    if _choices(spec):
        return Kind.CHOICE
    if types == {"array"}:
        return _list_kind(spec)
    if types and types <= {"integer", "number"}:
        return Kind.NUMBER if "number" in types else Kind.INTEGER
    if types == {"string"}:
        return _text_kind(name, spec)
    return Kind.TEXT_OR_NUMBER if types and types <= _SCALARS else Kind.JSON


def _list_kind(spec: Schema) -> Kind:
    items = spec.get("items")
    types = types_of(items) if isinstance(items, dict) else {"string"}
    return Kind.LIST if types and types <= _SCALARS else Kind.JSON


def _text_kind(name: str, spec: Schema) -> Kind:
    render_type = str(spec.get("renderType") or spec.get("format") or "")
    if render_type in ("uri", "url") or render_type.endswith("-url") or name.endswith(_URL_SUFFIXES):
        return Kind.URL
    return Kind.LONG_TEXT if any(word in name for word in _LONG_TEXT_NAMES) else Kind.TEXT


def _file_kind(name: str, kind: Kind, spec: Schema) -> str:
    """Return "image", "video" or "audio" for a parameter that takes such a file; "" for others."""
    if kind not in (Kind.URL, Kind.LIST):
        return ""
    # The declared `renderType` decides before the name does.
    for text in (str(spec.get("renderType", "")), name):
        for file_kind, words in _FILE_WORDS.items():
            if any(word in text for word in words):
                return file_kind
    return ""
