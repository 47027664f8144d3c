"""Define the result of a render and the exceptions that end one."""

from pathlib import Path
from typing import NamedTuple


class Stopped(Exception):
    """Raised by a checkpoint to end a render early."""


class Unrenderable(ValueError):
    """The model or its parameters cannot be rendered; the message gives the reason in plain words."""


class Rendering(NamedTuple):
    """A finished result file. `width` and `height` are pixels; `seconds` is None for an image."""

    path: Path
    content_type: str
    width: int
    height: int
    seconds: float | None
