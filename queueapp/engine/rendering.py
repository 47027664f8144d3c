"""What a render gives back, and what can go wrong on purpose."""

from dataclasses import dataclass
from pathlib import Path


class Stopped(Exception):
    """Raised by a checkpoint to end a render early."""


class Unrenderable(ValueError):
    """The model or its parameters cannot be rendered; the message says why, in plain words."""


@dataclass(frozen=True)
class Rendering:
    """A finished result file. `width` and `height` in pixels; `seconds` is None for a picture."""

    path: Path
    content_type: str
    width: int
    height: int
    seconds: float | None
