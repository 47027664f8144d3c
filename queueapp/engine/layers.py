"""What a picture is made of: layers that each paint themselves on a canvas at a moment.

A still picture is one moment of a stage, a film is many. Whatever costs time (noise, blur, smooth edges) is
prepared when a layer is made; painting only shifts, tints and pastes, which keeps a frame to milliseconds.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from PIL import Image, ImageChops

from queueapp.engine.brushes import dimmed
from queueapp.engine.colour import RGB


@dataclass(frozen=True)
class Moment:
    """A time in seconds from the shot's start, and how far the camera has moved (pixels, for depth 1)."""

    seconds: float
    pan: float


class Layer(Protocol):
    """Anything that can add itself to a canvas."""

    def paint(self, canvas: Image.Image, moment: Moment) -> None: ...


def window(picture: Image.Image, left: float, top: float, width: int, height: int) -> Image.Image:
    """The part of `picture` seen through a window at a place that may lie between pixels."""
    if abs(left - round(left)) < 0.02 and abs(top - round(top)) < 0.02:
        x, y = round(left), round(top)
        return picture.crop((x, y, x + width, y + height))
    box = (
        min(max(0.0, left), picture.width - width),
        min(max(0.0, top), picture.height - height),
    )
    return picture.resize(
        (width, height), Image.Resampling.BILINEAR, box=(*box, box[0] + width, box[1] + height)
    )


@dataclass
class Backdrop:
    """A full, opaque picture at the very back."""

    picture: Image.Image

    def paint(self, canvas: Image.Image, moment: Moment) -> None:
        canvas.paste(self.picture, (0, 0))


@dataclass
class Plate:
    """A cut-out: `ink` (one colour, or a picture of the mask's size) pasted through `mask` at (x, y).

    `depth` 0..1 is how much of the camera's movement it follows, `drift` pixels a second of its own sideways
    movement, `bob` pixels of slow rise and fall. A plate with a `period` repeats sideways: its mask must hold
    at least one period more than the canvas is wide.
    """

    mask: Image.Image
    ink: RGB | Image.Image
    x: float = 0.0
    y: float = 0.0
    depth: float = 0.0
    drift: float = 0.0
    bob: float = 0.0
    pace: float = 3.0
    period: int = 0

    def paint(self, canvas: Image.Image, moment: Moment) -> None:
        x = self.x + self.depth * moment.pan + self.drift * moment.seconds
        if self.period:
            x = -((-x) % self.period)
        y = self.y + self.bob * math.sin(math.tau * moment.seconds / self.pace)
        left, top = max(0, math.ceil(x)), max(0, math.ceil(y))
        right = min(canvas.width, math.floor(x + self.mask.width))
        bottom = min(canvas.height, math.floor(y + self.mask.height))
        if right <= left or bottom <= top:
            return
        size = (right - left, bottom - top)
        mask = window(self.mask, left - x, top - y, *size)
        if isinstance(self.ink, Image.Image):
            # Edges move between pixels, texture only by whole ones: nobody sees it, and it halves the cost.
            column, row = round(left - x), round(top - y)
            canvas.paste(self.ink.crop((column, row, column + size[0], row + size[1])), (left, top), mask)
        else:
            canvas.paste(self.ink, (left, top, right, bottom), mask)


@dataclass
class Twinkle:
    """Groups of stars (or fireflies, or windows) that brighten and fade, each group in its own rhythm."""

    masks: Sequence[Image.Image]
    ink: RGB
    paces: Sequence[float]
    depth: float = 0.0
    floor: float = 0.45
    x: float = 0.0
    y: float = 0.0

    def paint(self, canvas: Image.Image, moment: Moment) -> None:
        for index, (mask, pace) in enumerate(zip(self.masks, self.paces, strict=True)):
            wave = 0.5 + 0.5 * math.sin(math.tau * moment.seconds / pace + 1.1 + index * 2.1)
            lit = dimmed(mask, self.floor + (1 - self.floor) * wave)
            Plate(lit, self.ink, x=self.x, y=self.y, depth=self.depth).paint(canvas, moment)


@dataclass
class Falling:
    """Rain, snow or petals: a mask two canvas heights tall whose halves are alike, moving down for ever."""

    mask: Image.Image
    ink: RGB
    speed: float
    slant: float = 0.0
    sway: float = 0.0
    depth: float = 0.0

    def paint(self, canvas: Image.Image, moment: Moment) -> None:
        period = self.mask.height // 2
        y = -period + (self.speed * moment.seconds) % period
        side = self.mask.width - canvas.width
        x = -side / 2 + self.sway * math.sin(moment.seconds * 0.9) + self.depth * moment.pan
        x = min(0.0, max(-float(side), x))
        if self.speed > canvas.height / 2:
            x, y = round(x), round(y)
        mask = window(self.mask, -x, -y, canvas.width, canvas.height)
        canvas.paste(self.ink, (0, 0, *canvas.size), mask)


@dataclass
class Tint:
    """One colour laid over everything so far, where `mask` lets it."""

    mask: Image.Image
    ink: RGB | Image.Image

    def paint(self, canvas: Image.Image, moment: Moment) -> None:
        if isinstance(self.ink, Image.Image):
            canvas.paste(self.ink, (0, 0), self.mask)
        else:
            canvas.paste(self.ink, (0, 0, *canvas.size), self.mask)


@dataclass
class Shade:
    """Everything so far multiplied by a picture: vignettes and paper."""

    picture: Image.Image

    def paint(self, canvas: Image.Image, moment: Moment) -> None:
        canvas.paste(ImageChops.multiply(canvas, self.picture), (0, 0))
