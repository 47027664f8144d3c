"""The strokes every painter shares: gradients, soft noise, glows, ridgelines and smooth-edged stencils.

Everything runs inside Pillow's C code; Python only handles lists as long as a picture is wide or high.
"""

import math
from collections.abc import Callable, Sequence
from random import Random

from PIL import Image, ImageDraw, ImageFilter

from queueapp.engine.colour import RGB, along

Point = tuple[float, float]
Stops = Sequence[tuple[float, RGB]]


def gradient(width: int, height: int, stops: Stops) -> Image.Image:
    """An RGB picture whose rows run through `stops` from top (0) to bottom (1)."""
    column = Image.new("RGB", (1, max(2, height)))
    last = max(2, height) - 1
    for row in range(last + 1):
        column.putpixel((0, row), along(stops, row / last))
    return column.resize((width, height))


def fade(width: int, height: int, stops: Sequence[tuple[float, float]]) -> Image.Image:
    """A mask whose rows run through `stops`, each (place, strength), both 0..1."""
    grey: Stops = [(place, (round(255 * strength),) * 3) for place, strength in stops]
    return gradient(width, height, grey).getchannel(0)


def curve(mask: Image.Image, shape: Callable[[float], float]) -> Image.Image:
    """`mask` with `shape` (0..1 to 0..1, clipped) applied to every value."""
    return mask.point([round(255 * min(1.0, max(0.0, shape(value / 255)))) for value in range(256)])


def dimmed(mask: Image.Image, strength: float) -> Image.Image:
    """`mask` times `strength` (0..1)."""
    return mask if strength >= 1 else curve(mask, lambda value: value * strength)


def speckle(width: int, height: int, rng: Random) -> Image.Image:
    """A mask of independent random values, one a pixel."""
    return Image.frombytes("L", (width, height), rng.randbytes(width * height))


def noise(width: int, height: int, cells: tuple[float, float], rng: Random, octaves: int = 4) -> Image.Image:
    """A cloud-like mask; `cells` says how many bumps fit across and down. Its left and right edges join."""
    total = Image.new("L", (width, height), 128)
    for octave in range(octaves):
        across = max(2, round(cells[0] * 2**octave))
        down = max(2, round(cells[1] * 2**octave))
        if across > width or down > height:
            break
        # Two columns from the other side on each side make the smooth enlargement join at the edges.
        grains = speckle(across, down, rng)
        wide = Image.new("L", (across + 4, down))
        for place in (2 - across, 2, 2 + across):
            wide.paste(grains, (place, 0))
        layer = wide.resize((width, height), Image.Resampling.BICUBIC, box=(2, 0, across + 2, down))
        # Each octave weighs 0.55 of the one before it; `blend` takes the newcomer's part of the sum so far.
        share = 0.55**octave / sum(0.55**part for part in range(octave + 1))
        total = Image.blend(total, layer, share)
    low, high = total.getextrema()
    spread = max(1.0, float(high) - float(low))  # type: ignore[arg-type]
    base = float(low)  # type: ignore[arg-type]
    return total.point([max(0, min(255, round((value - base) * 255 / spread))) for value in range(256)])


def glow(radius: float, power: float = 2.0) -> Image.Image:
    """A round mask of `radius` pixels, full in the middle and nothing at the rim."""
    size = max(2, round(radius * 2))
    # Pillow's gradient is 181 of 255 where the inscribed circle ends: that is where the glow must reach 0.
    rounded = curve(Image.radial_gradient("L"), lambda value: max(0.0, 1 - value * 255 / 181) ** power)
    return rounded.resize((size, size), Image.Resampling.BICUBIC)


def doubled(picture: Image.Image, extra: int) -> Image.Image:
    """`picture` followed by its own beginning, so that a window may slide over the joint."""
    wide = Image.new(picture.mode, (picture.width + extra + 2, picture.height))
    wide.paste(picture, (0, 0))
    wide.paste(picture.crop((0, 0, extra + 2, picture.height)), (picture.width, 0))
    return wide


def soften(picture: Image.Image, radius: float) -> Image.Image:
    """A Gaussian blur; large ones are made on a smaller copy, which looks the same and costs less."""
    step = max(1, int(radius / 4))
    if step == 1:
        return picture.filter(ImageFilter.GaussianBlur(radius))
    small = picture.reduce(step).filter(ImageFilter.GaussianBlur(radius / step))
    return small.resize(picture.size, Image.Resampling.BICUBIC)


def crags(count: int, rng: Random, bumps: float = 3.0, rough: float = 0.5) -> list[float]:
    """`count` heights of 0..1 along a mountain range: straight flanks, sharp peaks, fine jags."""
    heights = [0.0] * count
    weight, total, cells = 1.0, 0.0, bumps
    for _ in range(7):
        knots = [rng.random() for _ in range(int(cells) + 3)]
        for index in range(count):
            place = index / max(1, count - 1) * cells
            knot = int(place)
            part = place - knot
            heights[index] += weight * (knots[knot] * (1 - part) + knots[knot + 1] * part)
        total += weight
        weight *= rough
        cells *= 2.03
    return _spread(heights)


def rolling(count: int, rng: Random, waves: float = 2.0) -> list[float]:
    """`count` heights of 0..1 along soft hills."""
    parts = [
        (waves * factor * rng.uniform(0.8, 1.2), rng.uniform(0, math.tau), weight)
        for factor, weight in ((0.5, 1.0), (1.0, 0.7), (2.1, 0.25), (4.3, 0.06))
    ]
    return _spread(
        [
            sum(
                weight * math.sin(math.tau * waves_ * index / max(1, count - 1) + phase)
                for waves_, phase, weight in parts
            )
            for index in range(count)
        ]
    )


def _spread(heights: list[float]) -> list[float]:
    low, high = min(heights), max(heights)
    span = max(1e-6, high - low)
    return [(height - low) / span for height in heights]


class Stencil:
    """A mask drawn several times too large and shrunk, so that its edges are smooth. Units: final pixels."""

    def __init__(self, width: int, height: int, sharp: int = 2) -> None:
        self.width, self.height, self._sharp = width, height, sharp
        self._image = Image.new("L", (width * sharp, height * sharp), 0)
        self._draw = ImageDraw.Draw(self._image)

    def _scaled(self, points: Sequence[Point]) -> list[Point]:
        return [(x * self._sharp, y * self._sharp) for x, y in points]

    def polygon(self, points: Sequence[Point], value: int = 255) -> None:
        self._draw.polygon(self._scaled(points), fill=value)

    def oval(self, left: float, top: float, right: float, bottom: float, value: int = 255) -> None:
        self._draw.ellipse(self._scaled([(left, top), (right, bottom)]), fill=value)

    def box(self, left: float, top: float, right: float, bottom: float, value: int = 255) -> None:
        if right > left and bottom > top:
            self._draw.rectangle(self._scaled([(left, top), (right, bottom)]), fill=value)

    def line(self, points: Sequence[Point], thickness: float, value: int = 255) -> None:
        width = max(1, round(thickness * self._sharp))
        self._draw.line(self._scaled(points), fill=value, width=width, joint="curve")

    def mask(self) -> Image.Image:
        """The finished mask of the size asked for."""
        return self._image.reduce(self._sharp) if self._sharp > 1 else self._image
