"""Draw the masks ("L" images) that layers are made of: ridges, plants, noise and light."""

import math
from collections.abc import Sequence
from random import Random

from PIL import Image, ImageChops, ImageDraw

from queueapp.engine.prompt import RGB

Size = tuple[int, int]

#: Masks are drawn this many times larger and then reduced, so that their edges are smooth.
SCALE = 2


class Drawing:
    """A mask of `size` pixels while it is drawn, in opacities of 0..255, or an image in colours."""

    def __init__(self, size: Size, mode: str = "L") -> None:
        self._large = Image.new(mode, (size[0] * SCALE, size[1] * SCALE))
        self._draw = ImageDraw.Draw(self._large)

    def polygon(self, points: Sequence[tuple[float, float]], level: int | RGB = 255) -> None:
        """Fill a polygon."""
        self._draw.polygon([(x * SCALE, y * SCALE) for x, y in points], fill=level)

    def box(self, left: float, top: float, right: float, bottom: float, level: int | RGB = 255) -> None:
        """Fill a rectangle."""
        self.polygon([(left, top), (right, top), (right, bottom), (left, bottom)], level)

    def ellipse(self, x: float, y: float, across: float, down: float, level: int | RGB = 255) -> None:
        """Fill an ellipse around (x, y) with the radii `across` and `down`."""
        corners = (x - across, y - down, x + across, y + down)
        self._draw.ellipse([corner * SCALE for corner in corners], fill=level)

    def mask(self) -> Image.Image:
        """Return what was drawn."""
        return self._large.reduce(SCALE)


def gradient(size: Size, stops: Sequence[RGB]) -> Image.Image:
    """Return an image that runs evenly through two or more colours from top to bottom."""
    column = Image.new("RGB", (1, len(stops)))
    column.putdata(list(stops))
    box = (0, 0.5, 1, len(stops) - 0.5)
    return column.resize((1, size[1]), Image.Resampling.BILINEAR, box).resize(size)


def noise(
    random: Random, size: Size, cells: Size, fades: Sequence[float], threshold: int = 110
) -> Image.Image:
    """Return smooth spots, one for each of `cells`; levels below `threshold` (0..255) are empty.

    `fades` are opacities of 0..1 through which the spots run evenly from top to bottom.
    """
    spots = Image.frombytes("L", cells, random.randbytes(cells[0] * cells[1]))
    small = (max(1, size[0] // 4), max(1, size[1] // 4))
    levels = [max(0, level - threshold) * 255 // (256 - threshold) for level in range(256)]
    smooth = spots.resize(small, Image.Resampling.BICUBIC).point(levels)
    fade = gradient(small, [(round(level * 255),) * 3 for level in fades]).getchannel(0)
    return ImageChops.multiply(smooth, fade).resize(size, Image.Resampling.BILINEAR)


def profile(random: Random, count: int, roughness: float, bumps: float) -> list[float]:
    """Return the heights 0..1 of a ridge at `count` places: `bumps` summits, each with rougher details."""
    heights, strength, frequency = [0.0] * count, 1.0, max(1.0, bumps)
    while frequency < count and strength > 0.015:
        knots = [random.random() for _ in range(math.ceil(frequency) + 2)]
        for index in range(count):
            knot, rest = divmod(index / count * frequency, 1)
            rest = rest * rest * (3 - 2 * rest) if roughness < 0.4 else rest
            heights[index] += strength * (knots[int(knot)] * (1 - rest) + knots[int(knot) + 1] * rest)
        strength, frequency = strength * roughness, frequency * 2.1
    low, high = min(heights), max(heights)
    return [(height - low) / (high - low) for height in heights]


def conifer(drawing: Drawing, x: float, base: float, height: float) -> None:
    """Draw a fir tree that stands on (x, base)."""
    outline = [(x, base - height)]
    for level in range(1, 6):
        y, reach = base - height * (1 - level / 5), height * 0.2 * level / 5
        outline = [(x - reach * 0.55, y), (x - reach, y), *outline, (x + reach, y), (x + reach * 0.55, y)]
    drawing.polygon([(x, base + height * 0.1), *outline])
