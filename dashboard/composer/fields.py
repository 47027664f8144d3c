"""Represent a parameter as a form field: its control, and the conversion between text and JSON value.

Pure: no Django, no database.
"""

import json
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from queueapp.errors import BadRequest
from queueapp.params import read_json

Json = Any
Schema = Mapping[str, Json]

#: No value given. Differs from every JSON value, including null.
UNSET: Json = object()
#: Kinds of files that are uploaded and shown with a thumbnail.
MEDIA_KINDS = ("image", "video")
MEDIA_NAMES = {"image": "an image", "video": "a video"}
#: Longer numbers are not read: converting them takes time that grows with the square of their length.
_INTEGER = re.compile(r"[+-]?\d{1,400}", re.ASCII)


class Kind(StrEnum):
    """The control of a field, and how its text is parsed."""

    CHOICE = "choice"
    INTEGER = "integer"
    NUMBER = "number"
    TEXT_OR_NUMBER = "text-or-number"
    TEXT = "text"
    LONG_TEXT = "long-text"
    URL = "url"
    LIST = "list"
    JSON = "json"


@dataclass(frozen=True, slots=True)
class Field:
    """One parameter of a model in the form.

    `basic` fields are shown at once, others below "More options". `file_kind` is "image", "video" or
    "audio" where the user can choose a file instead of typing a URL. `items` is the schema of a list's items.
    """

    name: str
    kind: Kind
    label: str
    help: str = ""
    required: bool = False
    basic: bool = False
    default: Json = UNSET
    choices: tuple[Json, ...] = ()
    minimum: float | None = None
    max_length: int | None = None
    file_kind: str = ""
    items: Schema = field(default_factory=dict)

    @property
    def is_media(self) -> bool:
        return self.file_kind in MEDIA_KINDS

    @property
    def is_list(self) -> bool:
        return self.kind == Kind.LIST

    def parse(self, text: str) -> Json:
        """Return the value that a text means, UNSET for blank text. Raise ValueError with a message."""
        text = clean_text(text)
        if not text:
            return UNSET
        match self.kind:
            case Kind.CHOICE:
                return next((choice for choice in self.choices if to_text(choice) == text), text)
            case Kind.INTEGER | Kind.NUMBER:
                return parse_number(text, is_whole=self.kind == Kind.INTEGER)
            case Kind.TEXT_OR_NUMBER:
                return _parse_number_or_text(text)
            case Kind.LIST:
                lines = [line.strip() for line in text.split("\n")]
                return [_parse_item(line, self.items) for line in lines if line]
            case Kind.JSON:
                return _parse_json(text)
        return text

    def format(self, value: Json) -> str:
        """Return the text that `parse` turns into this value."""
        if self.is_list and isinstance(value, list):
            return "\n".join(to_text(item) for item in value)
        if self.kind == Kind.JSON and value is not UNSET:
            return json.dumps(value, ensure_ascii=False, indent=1)
        if self.kind == Kind.CHOICE and not isinstance(value, bool):
            # The number 30 selects the choice 30.0.
            value = next((choice for choice in self.choices if choice == value), value)
        return to_text(value)


def clean_text(text: str) -> str:
    """Return a text without surrounding white space and without the CRLF line ends that browsers send."""
    return text.replace("\r\n", "\n").strip()


def to_text(value: Json) -> str:
    """Return a JSON value as one line of text; a string as it is."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def types_of(spec: Schema) -> set[str]:
    """Return the JSON types that a schema allows, without null."""
    declared = spec.get("type")
    types = declared if isinstance(declared, list) else [declared]
    return {name for name in types if isinstance(name, str)} - {"null"}


def parse_number(text: str, *, is_whole: bool) -> int | float:
    """Return a finite number. Raise ValueError with a message for every other text."""
    if _INTEGER.fullmatch(text):
        return int(text)
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if is_whole or not math.isfinite(number):
        raise ValueError("Must be a whole number." if is_whole else "Must be a number.")
    return number


def _parse_number_or_text(text: str) -> Json:
    try:
        return parse_number(text, is_whole=False)
    except ValueError:
        return text


def _parse_item(text: str, items: Schema) -> Json:
    types = types_of(items)
    if types & {"integer", "number"} and "string" not in types:
        return parse_number(text, is_whole="number" not in types)
    return text


def _parse_json(text: str) -> Json:
    try:
        return read_json(text)
    except BadRequest as error:
        reason = error.detail.removeprefix("Invalid JSON: ")
        raise ValueError(f"This is not JSON: {reason}") from None
