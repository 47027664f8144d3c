"""Fields that take images or videos: addresses as they are, and files of one's own as stored inputs.

Such a field is sent as several values under one name, in their order: a hidden one for each stored input,
and the addresses as they were typed.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from dashboard.schema import Field
from queueapp.files import media
from queueapp.models import Input, Namespace
from queueapp.params import Params
from queueapp.services import inputs

#: Before the names of a form's file choosers, which work without scripts too.
FILE = "file-"
#: Stored inputs that the chosen model has no place for; they wait for one that has.
KEPT = "kept-input"


@dataclass(frozen=True, slots=True)
class Item:
    """One value of a field: a stored input, or an address with a stored input behind it."""

    value: str

    @property
    def key(self) -> UUID | None:
        return inputs.parse_reference(self.value)


def joined(field: Field, values: Sequence[str]) -> str:
    """Several values as one text: a line each; of a field that takes one, the first that was stored."""
    told = [line.strip() for value in values for line in value.split("\n") if line.strip()]
    if field.many:
        return "\n".join(told)
    return next((value for value in told if inputs.parse_reference(value)), told[0] if told else "")


def split(text: str) -> tuple[list[Item], str]:
    """The values up to the last stored input, each by itself, and what was typed behind them."""
    lines = text.split("\n") if text else []
    places = [place for place, line in enumerate(lines) if inputs.parse_reference(line)]
    end = places[-1] + 1 if places else 0
    return [Item(line) for line in lines[:end]], "\n".join(lines[end:])


def accepted(field: Field) -> str:
    """The content types that may be chosen, as a browser reads them."""
    return ",".join(name for name, (kind, _) in media.CONTENT_TYPES.items() if kind == field.medium)


def stored_in(params: Params) -> list[str]:
    """The stored inputs that are values of parameters, or in a list that is one."""
    values = [each for value in params.values() for each in (value if isinstance(value, list) else [value])]
    return [value for value in values if inputs.parse_reference(value)]


def kinds_of(values: Iterable[str], namespaces: Sequence[Namespace]) -> dict[str, str]:
    """By reference, what each stored input of these namespaces is: image, video or something else."""
    keys = [key for value in values if (key := inputs.parse_reference(value))]
    if not keys:
        return {}
    rows = Input.objects.filter(pk__in=keys, namespace__in=namespaces).values_list("pk", "content_type")
    return {f"{inputs.REFERENCE_PREFIX}{pk}": kind.partition("/")[0] for pk, kind in rows}


def place_for(fields: Iterable[Field], kind: str) -> Field | None:
    """The field of a model that an input of this kind is most likely meant for."""
    fitting = [field for field in fields if field.medium == kind]
    return min(fitting, key=lambda field: not field.required, default=None)


def placed(
    fields: Sequence[Field], given: Mapping[str, str], strays: Iterable[str], kinds: Mapping[str, str]
) -> tuple[dict[str, str], list[str]]:
    """Find places for stored inputs that have none: the changed fields by name, and what is left over.

    `given` is what each field holds already.
    """
    changed: dict[str, str] = {}
    left: list[str] = []
    for stray in strays:
        field = place_for(fields, kinds.get(stray, ""))
        held = changed.get(field.name, given.get(field.name, "")) if field else ""
        if field and (field.many or not held):
            if stray not in held.split("\n"):
                changed[field.name] = f"{held}\n{stray}".strip()
        elif stray in kinds and stray not in left:
            left.append(stray)
    return changed, left


def wrong_kind(field: Field, text: str, kinds: Mapping[str, str]) -> str:
    """What is wrong with the stored inputs that a field holds; nothing where all is well."""
    words = {"image": "a picture", "video": "a video"}
    for line in text.split("\n"):
        kind = kinds.get(line, "")
        if kind in words and kind != field.medium:
            return f"This is {words[kind]}; {words[field.medium]} is wanted here."
    return ""
