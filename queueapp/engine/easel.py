"""What every painter is handed: the canvas' measures, the scene, its palette, chance and the checkpoint."""

from collections.abc import Callable
from dataclasses import dataclass
from random import Random

from queueapp.engine.brushes import Point, Stencil
from queueapp.engine.layers import Plate
from queueapp.engine.palette import Palette
from queueapp.engine.scene import Scene


@dataclass
class Easel:
    """`bleed` pixels are painted beyond the left and right edge, so that the camera can move that far."""

    width: int
    height: int
    bleed: int
    scene: Scene
    palette: Palette
    rng: Random
    checkpoint: Callable[[], None]

    @property
    def unit(self) -> float:
        """A hundredth of the side things are measured by, in pixels."""
        return min(self.width, self.height * 1.15) / 100

    @property
    def full(self) -> int:
        """The width with bleed on both sides."""
        return self.width + 2 * self.bleed

    @property
    def light_x(self) -> float:
        """Where sun or moon stand, as a part of the width: the same for all painters of one picture."""
        return self._light_x

    def __post_init__(self) -> None:
        side = self.rng.choice((-1, 1))
        self._light_x = 0.5 + side * self.rng.uniform(0.1, 0.24)

    def band(self, skyline: list[float], depth: float, floor: float | None = None) -> Plate:
        """A cut-out from `skyline` (canvas y values over the full width) down to `floor` (or the bottom).

        Its ink is still to be set.
        """
        bottom = self.height if floor is None else round(floor)
        top = max(-self.height, int(min(skyline)) - 2)
        stencil = Stencil(self.full, max(4, bottom - top))
        points = outline(skyline, self.full, top)
        stencil.polygon([(0, bottom - top + 2), *points, (self.full, bottom - top + 2)])
        return Plate(stencil.mask(), (0, 0, 0), x=-self.bleed, y=top, depth=depth)


def outline(skyline: list[float], width: float, top: float) -> list[Point]:
    """`skyline` as points spread evenly over `width`, measured from `top`."""
    step = width / (len(skyline) - 1)
    return [(index * step, y - top) for index, y in enumerate(skyline)]


def height_at(skyline: list[float], easel: Easel, x: float) -> float:
    """The skyline's y at canvas x."""
    place = (x + easel.bleed) / easel.full * (len(skyline) - 1)
    index = min(len(skyline) - 2, max(0, int(place)))
    part = place - index
    return skyline[index] * (1 - part) + skyline[index + 1] * part
