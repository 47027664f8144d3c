"""A pen for small coloured figures: drawn four times too large in the figure's own measure, then shrunk."""

import math
from collections.abc import Sequence

from PIL import Image, ImageDraw

from queueapp.engine.brushes import Point
from queueapp.engine.colour import RGB, WHITE, mix
from queueapp.engine.easel import Easel


class Pen:
    """Measures: the figure stands on y = 0, y grows upwards, x = 0 is its middle; 1 is its height.

    `colour(own)` is `own` in the light of the scene: darkened and tinted as the hour asks.
    """

    SHARP = 4

    def __init__(self, easel: Easel, tall: float, wide: float) -> None:
        """`tall` is the figure's height in pixels, `wide` the width of its box in heights."""
        self.easel, self.tall = easel, tall
        self.width, self.height = math.ceil(tall * wide) + 4, math.ceil(tall * 1.12) + 4
        sharp = self.SHARP
        self._ink = Image.new("RGB", (self.width * sharp, self.height * sharp), easel.palette.near)
        self._mask = Image.new("L", self._ink.size, 0)
        self._draws = (ImageDraw.Draw(self._ink), ImageDraw.Draw(self._mask))

    def colour(self, own: RGB, told: bool = False) -> RGB:
        """`own` under the scene's light; a colour the prompt told keeps more of itself."""
        palette = self.easel.palette
        gloom = palette.gloom * (0.5 if told else 0.95)
        return mix(mix(own, palette.near, gloom), palette.light, 0.06)

    def _place(self, points: Sequence[Point]) -> list[Point]:
        scale, foot = self.tall * self.SHARP, (self.height - 2) * self.SHARP
        return [(self._ink.width / 2 + x * scale, foot - y * scale) for x, y in points]

    def polygon(self, points: Sequence[Point], colour: RGB) -> None:
        placed = self._place(points)
        self._draws[0].polygon(placed, fill=colour)
        self._draws[1].polygon(placed, fill=255)

    def box(self, left: float, bottom: float, right: float, top: float, colour: RGB) -> None:
        self.polygon([(left, bottom), (right, bottom), (right, top), (left, top)], colour)

    def oval(self, x: float, y: float, across: float, up: float, colour: RGB) -> None:
        """An ellipse around (x, y) with half axes `across` and `up`."""
        (left, top), (right, bottom) = self._place([(x - across, y + up), (x + across, y - up)])
        self._draws[0].ellipse((left, top, right, bottom), fill=colour)
        self._draws[1].ellipse((left, top, right, bottom), fill=255)

    def line(self, points: Sequence[Point], thick: float, colour: RGB) -> None:
        width = max(2, round(thick * self.tall * self.SHARP))
        placed = self._place(points)
        self._draws[0].line(placed, fill=colour, width=width, joint="curve")
        self._draws[1].line(placed, fill=255, width=width, joint="curve")
        half = width / 2
        for x, y in (placed[0], placed[-1]):
            self._draws[0].ellipse((x - half, y - half, x + half, y + half), fill=colour)
            self._draws[1].ellipse((x - half, y - half, x + half, y + half), fill=255)

    def result(self) -> tuple[Image.Image, Image.Image]:
        """Ink and mask at final size; their bottom edge lies 2 pixels below the figure's foot."""
        # Soft edges take a little of the ink's ground, the scene's darkest colour: a fine outline.
        return self._ink.reduce(self.SHARP), self._mask.reduce(self.SHARP)


def lit(pen: Pen) -> RGB:
    """The colour of a window: warm light when it is dark, sky by day."""
    return (255, 214, 120) if pen.easel.palette.gloom > 0.3 else mix(pen.easel.palette.top, WHITE, 0.25)
