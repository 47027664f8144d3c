"""Geometric patterns: a grid of motifs in the words' colours, turning slowly tile by tile when filmed."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from random import Random

from PIL import Image, ImageDraw

from queueapp.engine.brushes import Point
from queueapp.engine.colour import RGB, luminance
from queueapp.engine.easel import Easel
from queueapp.engine.layers import Layer, Moment
from queueapp.engine.palette import of_words


@dataclass(frozen=True)
class Tile:
    """One cell: centre, half side, colours (ground first), quarter turns, variety 0..1, start of motion."""

    x: float
    y: float
    half: float
    inks: tuple[RGB, RGB, RGB]
    turn: int
    kind: float
    phase: float


Motif = Callable[[ImageDraw.ImageDraw, Tile, float], None]


@dataclass
class Tiling:
    """Tiles drawn anew for each moment, on a canvas twice as large as the result."""

    tiles: list[Tile]
    motif: Motif
    ground: RGB
    sharp: int = 2

    def paint(self, canvas: Image.Image, moment: Moment) -> None:
        large = Image.new("RGB", (canvas.width * self.sharp, canvas.height * self.sharp), self.ground)
        draw = ImageDraw.Draw(large)
        for tile in self.tiles:
            self.motif(draw, tile, _angle(tile, moment.seconds))
        canvas.paste(large.reduce(self.sharp), (0, 0))


def _angle(tile: Tile, seconds: float) -> float:
    """A quarter turn every few seconds, eased, each tile in its own time; whole quarters when at rest."""
    beat = seconds / 2.4 + tile.phase
    whole, part = divmod(beat, 1.0)
    eased = 0.0 if part < 0.55 else (1 - math.cos((part - 0.55) / 0.45 * math.pi)) / 2
    return (tile.turn + whole - math.floor(tile.phase) + eased) * math.pi / 2


def pattern(easel: Easel) -> list[Layer]:
    """The whole picture as one pattern."""
    rng = easel.rng
    ramp = of_words(easel.scene)
    name = easel.scene.motif or rng.choice(sorted(set(MOTIFS) - {"rosette"}))
    if name == "rosette":
        return [Rosette(ramp, rng.choice((8, 10, 12)), [rng.random() for _ in range(40)])]
    across = rng.choice((5, 6, 7)) if easel.width <= easel.height else rng.choice((8, 9, 10))
    side = 2 * max(easel.width, easel.height * 0.5) / across
    tiles = _grid(easel, side, ramp, rng, name == "hexagons", name == "scales")
    return [Tiling(tiles, MOTIFS[name], ramp[0])]


def _grid(
    easel: Easel, side: float, ramp: list[RGB], rng: Random, honeycomb: bool, scales: bool
) -> list[Tile]:
    width, height = easel.width * 2, easel.height * 2
    step_x = side * (0.866 if honeycomb else 1)
    step_y = side * (0.75 if honeycomb else 0.5 if scales else 1)
    columns, rows = math.ceil(width / step_x) + 1, math.ceil(height / step_y) + 1
    left = (width - columns * step_x) / 2
    top = (height - rows * step_y) / 2
    tiles = []
    for row in range(rows + 1):
        shift = step_x / 2 if (honeycomb or scales) and row % 2 else 0
        for column in range(columns + 1):
            x, y = left + column * step_x + shift, top + (row + 0.5) * step_y
            wave = (x / width + y / height) * 0.2
            tiles.append(
                Tile(
                    x,
                    y,
                    side / 2,
                    _inks(ramp, rng),
                    rng.randrange(4),
                    rng.random(),
                    wave + rng.random() * 0.12,
                )
            )
    return tiles


def _inks(ramp: list[RGB], rng: Random) -> tuple[RGB, RGB, RGB]:
    """A ground and two inks that stand out from it."""
    ground = rng.choice(ramp)
    others = sorted(
        (colour for colour in ramp if colour != ground), key=lambda c: -abs(luminance(c) - luminance(ground))
    )
    strong = others[: max(2, len(others) // 2 + 1)]
    first = rng.choice(strong)
    second = rng.choice([colour for colour in ramp if colour not in (ground, first)] or [ground])
    return ground, first, second


def _corners(tile: Tile, angle: float, points: list[Point]) -> list[Point]:
    """Points given in a tile's own measure (-1..1), turned and placed."""
    # A turning tile shrinks just enough to stay within its cell.
    scale = tile.half / (abs(math.cos(angle)) + abs(math.sin(angle)))
    cos, sin = math.cos(angle) * scale, math.sin(angle) * scale
    return [(tile.x + x * cos - y * sin, tile.y + x * sin + y * cos) for x, y in points]


def _fan(radius: float, start: float, end: float, centre: Point) -> list[Point]:
    steps = 22
    return [
        (
            centre[0] + radius * math.cos(start + (end - start) * i / steps),
            centre[1] + radius * math.sin(start + (end - start) * i / steps),
        )
        for i in range(steps + 1)
    ]


def _square(draw: ImageDraw.ImageDraw, tile: Tile) -> None:
    half = tile.half + 1
    draw.rectangle((tile.x - half, tile.y - half, tile.x + half, tile.y + half), fill=tile.inks[0])


def quarters(draw: ImageDraw.ImageDraw, tile: Tile, angle: float) -> None:
    """Quarter discs, half discs, rings and leaves: a Bauhaus block print."""
    _square(draw, tile)
    first, second = tile.inks[1], tile.inks[2]
    quarter = _fan(2, 0, math.pi / 2, (-1, -1))
    if tile.kind < 0.34:
        draw.polygon(_corners(tile, angle, [(-1, -1), *quarter]), fill=first)
        draw.polygon(_corners(tile, angle, [(-1, -1), *_fan(1, 0, math.pi / 2, (-1, -1))]), fill=second)
    elif tile.kind < 0.56:
        leaf = [*quarter, *_fan(2, math.pi, math.pi * 1.5, (1, 1))]
        draw.polygon(_corners(tile, angle, leaf), fill=first)
    elif tile.kind < 0.76:
        draw.polygon(_corners(tile, angle, _fan(1, 0, math.pi, (0, -1))), fill=first)
        draw.polygon(_corners(tile, angle, _fan(1, 0, math.pi, (0, 0))), fill=second)
    elif tile.kind < 0.9:
        draw.polygon(_corners(tile, angle, _fan(0.82, 0, math.tau, (0, 0))), fill=first)
        draw.polygon(_corners(tile, angle, _fan(0.82, 0, math.pi, (0, 0))), fill=second)
    else:
        draw.polygon(_corners(tile, angle, [(-1, -1), (1, -1), (-1, 1)]), fill=first)


def arcs(draw: ImageDraw.ImageDraw, tile: Tile, angle: float) -> None:
    """Truchet tiles: concentric arcs from two corners, which meet in winding bands."""
    _square(draw, tile)
    for corner, start in (((-1.0, -1.0), 0.0), ((1.0, 1.0), math.pi)):
        for radius, ink in ((1.5, 1), (1.17, 2), (0.83, 1), (0.5, 0)):
            fan = _fan(radius, start, start + math.pi / 2, corner)
            draw.polygon(_corners(tile, angle, [corner, *fan]), fill=tile.inks[ink])


def triangles(draw: ImageDraw.ImageDraw, tile: Tile, angle: float) -> None:
    """Squares cut into four, like folded paper."""
    _square(draw, tile)
    corners = [(-1.0, -1.0), (1.0, -1.0), (1.0, 1.0), (-1.0, 1.0)]
    inks = [tile.inks[1], tile.inks[2], tile.inks[0], tile.inks[2] if tile.kind < 0.5 else tile.inks[1]]
    for index, ink in enumerate(inks):
        draw.polygon(_corners(tile, angle, [(0, 0), corners[index], corners[(index + 1) % 4]]), fill=ink)
    if tile.kind > 0.72:
        draw.polygon(_corners(tile, -angle, [(0, -0.6), (0.6, 0), (0, 0.6), (-0.6, 0)]), fill=tile.inks[1])


def hexagons(draw: ImageDraw.ImageDraw, tile: Tile, angle: float) -> None:
    """Cubes seen from a corner, or nested rings."""
    points = [(math.sin(index * math.pi / 3), -math.cos(index * math.pi / 3)) for index in range(6)]
    for index, ink in ((0, 1), (2, 0), (4, 2)):
        face = [(0.0, 0.0), points[index], points[(index + 1) % 6], points[(index + 2) % 6]]
        draw.polygon(_corners(tile, 0, face), fill=tile.inks[ink])
    if tile.kind < 0.4:
        pulse = 0.5 + 0.14 * math.sin(angle)
        draw.polygon(_corners(tile, 0, [(x * pulse, y * pulse) for x, y in points]), fill=tile.inks[1])


def scales(draw: ImageDraw.ImageDraw, tile: Tile, angle: float) -> None:
    """Overlapping fans in the manner of art deco."""
    beat = 0.05 * math.sin(angle)
    for radius, ink in ((1.0, 0), (0.92, 1), (0.74, 0), (0.62 + beat, 2), (0.42 + beat, 0), (0.26 + beat, 1)):
        size = tile.half * radius
        draw.ellipse((tile.x - size, tile.y - size, tile.x + size, tile.y + size), fill=tile.inks[ink])


MOTIFS: dict[str, Motif] = {
    "quarters": quarters, "arcs": arcs, "triangles": triangles, "hexagons": hexagons, "scales": scales,
    "rosette": quarters,
}  # fmt: skip


@dataclass
class Rosette:
    """A mandala: rings of petals around the middle, every other ring turning the other way."""

    ramp: list[RGB]
    petals: int
    lots: list[float]

    def paint(self, canvas: Image.Image, moment: Moment) -> None:
        width, height = canvas.width * 2, canvas.height * 2
        large = Image.new("RGB", (width, height), self.ramp[0])
        draw = ImageDraw.Draw(large)
        reach = math.hypot(width, height) / 2
        rings = 9
        for ring in range(rings):
            outer = reach * (1 - ring / rings)
            ink = self.ramp[(ring * 2 + int(self.lots[0] * 5)) % len(self.ramp)]
            draw.ellipse(
                (width / 2 - outer, height / 2 - outer, width / 2 + outer, height / 2 + outer), fill=ink
            )
            self._petals(draw, (width / 2, height / 2), outer, reach / rings, ring, moment.seconds)
        canvas.paste(large.reduce(2), (0, 0))

    def _petals(
        self, draw: ImageDraw.ImageDraw, centre: Point, outer: float, step: float, ring: int, t: float
    ) -> None:
        count = self.petals * (2 if ring < 5 else 1)
        spin = t * 0.12 * (1 if ring % 2 else -1) + (math.pi / count if ring % 2 else 0)
        wide = min(math.tau / count * 0.46, 0.5)
        for layer, shrink in ((1, 1.0), (3, 0.62)):
            ink = self.ramp[(ring * 2 + layer + int(self.lots[0] * 5)) % len(self.ramp)]
            for petal in range(count):
                angle = spin + petal * math.tau / count
                points = []
                for i in range(17):
                    part = i / 16
                    along = (
                        outer
                        - step * (0.5 - 0.5 * shrink)
                        - step * shrink * (1 - abs(2 * part - 1)) * (1.25 if self.lots[ring] < 0.5 else 0.95)
                    )
                    side = angle + (part - 0.5) * 2 * wide * shrink * (
                        1 if self.lots[ring + 9] < 0.6 else math.sin(math.pi * part) + 0.2
                    )
                    points.append((centre[0] + along * math.cos(side), centre[1] + along * math.sin(side)))
                draw.polygon(points, fill=ink)
