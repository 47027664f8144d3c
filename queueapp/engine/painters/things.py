"""Puts a prompt's things into a view: in the sky, on water or on the ground, how large and where."""

import math
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace

from PIL import Image, ImageDraw

from queueapp.engine.brushes import Point, dimmed, glow, soften
from queueapp.engine.colour import mix
from queueapp.engine.easel import Easel
from queueapp.engine.layers import Layer, Moment, Plate
from queueapp.engine.painters import figures
from queueapp.engine.painters.pen import Pen
from queueapp.engine.painters.plants import bloom
from queueapp.engine.scene import Thing


@dataclass(frozen=True)
class Spot:
    """Where things may stand: the ground's y at any x, horizon, camera depth, and around which x."""

    ground: Callable[[float], float]
    horizon: float
    depth: float
    centre: float | None = None
    spread: float | None = None


#: Far things in the sky, drawn behind the land; the others stand on the ground unless they float.
AHEAD = ("birds", "balloon", "rocket", "planet")
AFLOAT = ("boat", "whale", "fish")
SKY = ("moon", "sun", "stars", *AHEAD)


def place_ahead(easel: Easel, horizon: float) -> list[Layer]:
    """Balloons, birds and rockets in the air."""
    layers: list[Layer] = []
    for thing in easel.scene.things:
        if thing.name in AHEAD and thing.name in figures.FIGURES:
            for index in range(max(thing.count, 1)):
                x = easel.width * (1 - easel.light_x) + easel.unit * 24 * (index - (thing.count - 1) / 2)
                y = horizon * (0.62 + 0.16 * math.sin(index * 2.4))
                drift = easel.unit * (2.0 if thing.name == "birds" else 0.7)
                layers.append(_figure(easel, thing, x, y, 0.14, 1.0, bob=easel.unit * 0.7, drift=drift))
    easel.checkpoint()
    return layers


def place_in_space(easel: Easel) -> list[Layer]:
    """Whatever the prompt names, floating before the stars."""
    layers: list[Layer] = []
    for index, thing in enumerate(easel.scene.things):
        if thing.name in figures.FIGURES and thing.name != "planet":
            x = easel.width * (easel.light_x + 0.22 * index)
            layers.append(_figure(easel, thing, x, easel.height * 0.66, 0.5, 1.2, bob=easel.unit * 1.5))
    return layers


def place_near(
    easel: Easel,
    spot: Spot,
    before: Sequence[Layer] = (),
    after: Sequence[Layer] = (),
    among: Collection[str] | None = None,
) -> list[Layer]:
    """The things that stand on `spot`, or those of them named in `among`; none that float unless named.

    `before` is painted behind them (yet before a lighthouse's beam), `after` over their feet.
    """
    standing = [
        thing for thing in easel.scene.things if thing.name in figures.FIGURES and thing.name not in SKY
    ]
    if among is None:
        standing = [thing for thing in standing if thing.name not in AFLOAT]
    else:
        standing = [thing for thing in standing if thing.name in among]
    # A bed of flowers is one thing however many there are.
    standing = [replace(thing, count=1) if thing.name == "flowers" else thing for thing in standing]
    layers: list[Layer] = []
    slots = _slots(easel, spot, sum(thing.count for thing in standing))
    for thing in standing:
        for _ in range(thing.count):
            layers += _standing(easel, thing, slots.pop(0), spot, thing.name in AFLOAT)
    easel.checkpoint()
    lamps = [layer for layer in layers if isinstance(layer, Beam)]
    return [*lamps, *before, *(layer for layer in layers if not isinstance(layer, Beam)), *after]


def _slots(easel: Easel, spot: Spot, count: int) -> list[float]:
    """x values for `count` things, the first on the better side, away from sun or moon."""
    if count == 0:
        return []
    centre = spot.centre if spot.centre is not None else easel.width * (0.5 + (0.5 - easel.light_x) * 0.55)
    if count == 1:
        return [centre]
    spread = spot.spread if spot.spread is not None else easel.width * 0.62
    middle = spot.centre if spot.centre is not None else easel.width / 2
    places = [middle + spread * (index / (count - 1) - 0.5) for index in range(count)]
    return sorted(places, key=lambda x: abs(x - centre))


def _standing(easel: Easel, thing: Thing, x: float, spot: Spot, afloat: bool) -> list[Layer]:
    y = spot.ground(x)
    if thing.name == "flowers":
        return _flowerbed(easel, thing, spot)
    if afloat:
        y = spot.horizon + (easel.height - spot.horizon) * 0.3
        figure = _figure(easel, thing, x, y, 0.45, 1.0, bob=easel.unit * 0.35)
        figure.drift = easel.unit * 0.9
        return [_reflection(figure, y), figure]
    layers: list[Layer] = []
    scale = 0.75 if spot.centre is not None else 1.0
    figure = _figure(easel, thing, x, y, spot.depth, scale)
    if thing.name == "lighthouse":
        tall = figures.FIGURES["lighthouse"].tall * easel.unit * scale * thing.size
        layers.append(
            Beam(
                x,
                y - tall * 0.875,
                easel.unit * 66,
                easel.palette.gloom,
                spot.depth,
                1 if easel.light_x > x / easel.width else -1,
            )
        )
    return [*layers, figure]


def _figure(
    easel: Easel,
    thing: Thing,
    x: float,
    y: float,
    depth: float,
    scale: float,
    bob: float = 0.0,
    drift: float = 0.0,
) -> Plate:
    figure = figures.FIGURES[thing.name]
    tall = figure.tall * easel.unit * scale * min(thing.size, 1.6)
    pen = Pen(easel, tall, figure.wide)
    figure.draw(pen, thing.colour)
    ink, mask = pen.result()
    return Plate(
        mask, ink, x=x - pen.width / 2, y=y - pen.height + 2, depth=depth, bob=bob, drift=drift, pace=4.0
    )


def _reflection(figure: Plate, y: float) -> Plate:
    mask = dimmed(figure.mask.transpose(Image.Transpose.FLIP_TOP_BOTTOM), 0.38)
    ink = figure.ink
    if isinstance(ink, Image.Image):
        ink = ink.transpose(Image.Transpose.FLIP_TOP_BOTTOM).resize(
            (mask.width, max(1, round(mask.height * 0.8)))
        )
    squashed = (mask.width, max(1, round(mask.height * 0.8)))
    return Plate(
        soften(mask.resize(squashed), 1.2), ink, x=figure.x, y=y - 4, depth=figure.depth,
        drift=figure.drift, bob=-figure.bob, pace=figure.pace,
    )  # fmt: skip


def _flowerbed(easel: Easel, thing: Thing, spot: Spot) -> list[Layer]:
    """A field of flowers: many small far ones, few large near ones."""
    rng = easel.rng
    layers: list[Layer] = []
    for row in range(4):
        part = row / 3
        mask = Image.new("L", (easel.full, easel.height), 0)
        ink = Image.new("RGB", mask.size, easel.palette.near)
        tall = easel.unit * (2.2 + 9 * part**1.5)
        stamps = [bloom(easel, thing, tall, rng) for _ in range(3)]
        count = round(easel.full / tall * 4.5)
        for _ in range(count):
            x = rng.uniform(0, easel.full)
            base = spot.ground(x - easel.bleed)
            y = base + (easel.height - base) * (0.1 + 0.9 * part) + rng.uniform(-0.5, 0.5) * tall + tall * 0.3
            picture, shape = rng.choice(stamps)
            place = (round(x - shape.width / 2), round(y - shape.height))
            ink.paste(picture, place, shape)
            mask.paste(255, place, shape)
        layers.append(Plate(mask, ink, x=-easel.bleed, y=0, depth=min(1.0, spot.depth + 0.12 * row)))
        easel.checkpoint()
    return layers


@dataclass
class Beam:
    """A lighthouse's light: two cones that sweep round, and a glow at the lamp."""

    x: float
    y: float
    reach: float
    gloom: float
    depth: float
    side: int

    def paint(self, canvas: Image.Image, moment: Moment) -> None:
        x = self.x + self.depth * moment.pan
        turn = math.cos(math.tau * moment.seconds / 6 + 0.35)
        facing = abs(math.sin(math.tau * moment.seconds / 6 + 0.35))
        small = Image.new("L", (canvas.width // 4 + 1, canvas.height // 4 + 1), 0)
        draw = ImageDraw.Draw(small)
        strength = 0.3 + 0.55 * self.gloom
        for side in (self.side, -self.side):
            for spread, share in ((0.13, 0.3), (0.08, 0.6), (0.04, 0.95)):
                draw.polygon(
                    self._cone(x, side * turn, spread + 0.05 * facing),
                    fill=round(255 * strength * share * (1 if side == self.side else 0.55)),
                )
        veil = glow(self.reach, 1.1).resize(
            (max(2, round(self.reach / 2 * max(0.15, abs(turn)))), max(2, round(self.reach / 2)))
        )
        fading = Image.new("L", small.size, 0)
        fading.paste(veil, (round(x / 4 - veil.width / 2), round(self.y / 4 - veil.height / 2)))
        mask = Image.composite(soften(small, 1.6), Image.new("L", small.size, 0), fading)
        canvas.paste(
            (255, 246, 210), (0, 0, *canvas.size), mask.resize(canvas.size, Image.Resampling.BICUBIC)
        )
        self._lamp(canvas, x, facing)

    def _cone(self, x: float, turn: float, spread: float) -> list[Point]:
        long, wide = self.reach * turn, self.reach * spread
        return [
            (x / 4, self.y / 4),
            ((x + long) / 4, (self.y - wide - self.reach * 0.03) / 4),
            ((x + long) / 4, (self.y + wide - self.reach * 0.03) / 4),
        ]

    def _lamp(self, canvas: Image.Image, x: float, facing: float) -> None:
        radius = self.reach * (0.09 + 0.07 * facing)
        halo = dimmed(glow(radius, 2.0), 0.55 + 0.4 * self.gloom)
        canvas.paste(
            mix((255, 240, 190), (255, 255, 255), facing * 0.4),
            (round(x - radius), round(self.y - radius)),
            halo,
        )
