"""Convert between the text of an image or video field and the values that its form controls send.

Such a field sends several values under one name, in order: a hidden one for each stored input (a reference
like `drover-input:<uuid>`), then the URLs that the user typed. Its text has one value per line.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from dashboard.composer.fields import Field
from queueapp.files import media
from queueapp.services import inputs

#: Prefix of the names of file inputs, which a browser without scripts sends with the form.
FILE_PREFIX = "file-"


@dataclass(frozen=True, slots=True)
class MediaItem:
    """One value of a field: a reference to a stored input, or a URL that stands before one."""

    value: str

    @property
    def input_id(self) -> UUID | None:
        return inputs.parse_reference(self.value)


def join_values(field: Field, values: Sequence[str]) -> str:
    """Return the text of a field. A field for one value gets the first stored input, else the first URL."""
    lines = [line.strip() for value in values for line in value.split("\n") if line.strip()]
    if field.is_list:
        return "\n".join(lines)
    return next((line for line in lines if inputs.parse_reference(line)), lines[0] if lines else "")


def split_text(text: str) -> tuple[list[MediaItem], str]:
    """Return the lines up to the last stored input, as items, and the rest of the text."""
    lines = text.split("\n") if text else []
    references = [index for index, line in enumerate(lines) if inputs.parse_reference(line)]
    end = references[-1] + 1 if references else 0
    return [MediaItem(line) for line in lines[:end]], "\n".join(lines[end:])


def accepted_types(media_kind: str) -> str:
    """Return the content types of a kind of media as an `accept` attribute."""
    return ",".join(name for name, (kind, _) in media.CONTENT_TYPES.items() if kind == media_kind)
