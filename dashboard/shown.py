"""A field of the composer as its template shows it: what it holds, and what is wrong with it."""

import re
from dataclasses import dataclass
from typing import Any

from django.conf import settings

from dashboard import media_fields
from dashboard import schema as grown

#: Before the names of a model's own fields, so that they can never meet ours or Django's.
PREFIX = "param-"


@dataclass(frozen=True, slots=True)
class Choice:
    value: str
    label: str
    chosen: bool


@dataclass(frozen=True, slots=True)
class Shown:
    """A field as its template shows it."""

    field: grown.Field
    value: str
    error: str

    @property
    def html_name(self) -> str:
        return PREFIX + self.field.name

    @property
    def id(self) -> str:
        return "field-" + "".join(sign if sign.isalnum() else "-" for sign in self.field.name)

    @property
    def hint(self) -> str:
        """What happens when it is left empty."""
        if self.field.default is not grown.UNSET and self.field.default not in (None, "", []):
            return _label(self.field.default)
        return ""

    @property
    def items(self) -> list[media_fields.Item]:
        """The stored inputs that a field for images or videos holds, with the addresses before them."""
        return media_fields.split(self.value)[0]

    @property
    def addresses(self) -> str:
        """What else it holds."""
        return media_fields.split(self.value)[1]

    @property
    def file_name(self) -> str:
        return media_fields.FILE + self.field.name

    @property
    def accepted(self) -> str:
        return media_fields.accepted(self.field)

    @property
    def largest(self) -> int:
        """How many bytes a file may have."""
        return int(settings.DROVER_MAX_INPUT_BYTES)

    @property
    def choices(self) -> list[Choice]:
        hint = _readable(self.hint)
        empty = f"{hint} (default)" if hint else "Choose…" if self.field.required else "Default"
        texts = [(grown.written(value), _readable(_label(value))) for value in self.field.choices]
        return [
            Choice("", empty, not self.value),
            *(Choice(value, label, value == self.value) for value, label in texts),
        ]


def _readable(label: str) -> str:
    """Words that a program has tied together, as people write them: `optimize_for_quality`."""
    return label.replace("_", " ") if re.fullmatch(r"[a-z]+(_[a-z]+)+", label) else label


def _label(value: Any) -> str:
    if isinstance(value, bool):
        return "On" if value else "Off"
    return grown.written(value)
