"""Bind a field to its text and error, as templates show it."""

import re
from dataclasses import dataclass

from dashboard.composer.fields import MEDIA_NAMES, UNSET, Field, Json, Kind, to_text
from dashboard.composer.media_fields import FILE_PREFIX, MediaItem, accepted_types, split_text

#: Prefix of the names of a model's parameters, so that they never collide with other names in the form.
PARAM_PREFIX = "param-"
_PLACEHOLDERS = {Kind.LIST: "One per line", Kind.JSON: "JSON", Kind.URL: "https://…"}


@dataclass(frozen=True, slots=True)
class Choice:
    """An option of a select."""

    value: str
    label: str
    is_selected: bool


@dataclass(frozen=True, slots=True)
class BoundField:
    """A field with its text and its error message."""

    field: Field
    text: str
    error: str

    @property
    def html_name(self) -> str:
        return PARAM_PREFIX + self.field.name

    @property
    def html_id(self) -> str:
        return "field-" + "".join(char if char.isalnum() else "-" for char in self.field.name)

    @property
    def error_id(self) -> str:
        return f"{self.html_id}-error"

    @property
    def css_kind(self) -> str:
        return "media" if self.field.is_media else self.field.kind

    @property
    def default_label(self) -> str:
        """The value that an empty field means; "" if the model has no default."""
        default = self.field.default
        return "" if default is UNSET or default in (None, "", []) else _choice_label(default)

    @property
    def choices(self) -> list[Choice]:
        """The options of a select; the first means "not given"."""
        default = _separate_words(self.default_label)
        empty = f"{default} (default)" if default else "Choose…" if self.field.required else "Default"
        options = [(to_text(value), _separate_words(_choice_label(value))) for value in self.field.choices]
        return [Choice(value, label, value == self.text) for value, label in [("", empty), *options]]

    @property
    def is_multiline(self) -> bool:
        return self.field.kind in (Kind.LIST, Kind.JSON, Kind.LONG_TEXT)

    @property
    def is_prose(self) -> bool:
        return self.field.kind in (Kind.TEXT, Kind.LONG_TEXT)

    @property
    def control_text(self) -> str:
        """The text of the control: of an image or video field, the URLs after the last stored input."""
        return split_text(self.text)[1] if self.field.is_media else self.text

    @property
    def placeholder(self) -> str:
        if self.field.is_media:
            return "drop, paste, or https://…"
        if self.field.kind in (Kind.INTEGER, Kind.NUMBER):
            return self.default_label or "any"
        return _PLACEHOLDERS.get(self.field.kind, self.default_label)

    @property
    def input_mode(self) -> str:
        """The keyboard that phones show; "" for the usual one. Keyboards for numbers have no minus."""
        minimum = self.field.minimum
        if self.field.kind == Kind.URL:
            return "url"
        if minimum is None or minimum < 0:
            return ""
        return {Kind.INTEGER: "numeric", Kind.NUMBER: "decimal"}.get(self.field.kind, "")

    @property
    def media_items(self) -> list[MediaItem]:
        """The stored inputs of an image or video field, and the URLs between them."""
        return split_text(self.text)[0]

    @property
    def media_name(self) -> str:
        return MEDIA_NAMES[self.field.file_kind]

    @property
    def file_input_name(self) -> str:
        return FILE_PREFIX + self.field.name

    @property
    def accepted_types(self) -> str:
        """The `accept` attribute of the file input."""
        return accepted_types(self.field.file_kind) if self.field.is_media else f"{self.field.file_kind}/*"


def _choice_label(value: Json) -> str:
    if isinstance(value, bool):
        return "On" if value else "Off"
    return to_text(value)


def _separate_words(label: str) -> str:
    """Return an identifier like `optimize_for_quality` as words; other labels as they are."""
    return label.replace("_", " ") if re.fullmatch(r"[a-z]+(_[a-z]+)+", label) else label
