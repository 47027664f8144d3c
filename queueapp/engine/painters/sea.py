"""Water: the sea, lakes and rivers, which mirror whatever has been painted above them."""

import math
from dataclasses import dataclass, field

from PIL import Image, ImageChops

from queueapp.engine.brushes import Stencil, dimmed, fade, gradient, noise
from queueapp.engine.colour import RGB, lighter, mix
from queueapp.engine.easel import Easel
from queueapp.engine.layers import Layer, Moment, Plate


@dataclass
class Mirror:
    """From `horizon` down: the canvas so far, upside down and tinted; near rows sway more."""

    horizon: int
    tint: Image.Image
    cover: Image.Image
    swell: float
    step: int
    floor: int
    phases: list[float] = field(default_factory=lambda: [0.0, 1.7])

    def paint(self, canvas: Image.Image, moment: Moment) -> None:
        width, depth = canvas.width, self.floor - self.horizon
        source = canvas.crop((0, max(0, self.horizon - round(depth * 1.15)), width, self.horizon))
        image = source.transpose(Image.Transpose.FLIP_TOP_BOTTOM).resize(
            (width, depth), Image.Resampling.BILINEAR
        )
        image.paste(self.tint, (0, 0), self.cover)
        t = moment.seconds
        for row in range(0, depth, self.step):
            near = row / depth
            stretch = 30 / (near + 0.05)
            sway = (
                self.swell
                * (0.12 + near)
                * (
                    math.sin(stretch * 1.9 - t * 2.3 + self.phases[0])
                    + 0.6 * math.sin(stretch * 4.7 + t * 1.7 + self.phases[1])
                )
            )
            strip = image.crop((0, row, width, min(depth, row + self.step)))
            canvas.paste(ImageChops.offset(strip, round(sway), 0), (0, self.horizon + row))


def water(easel: Easel, horizon: float, floor: float | None = None) -> list[Layer]:
    """Water between `horizon` and `floor` (the canvas' bottom): mirror, ripples and the light's path."""
    palette, scene, unit = easel.palette, easel.scene, easel.unit
    calm = bool(scene.weather & {"calm"}) or "lake" in scene.places
    rough = "storm" in scene.weather
    top, bottom = round(horizon), round(floor if floor is not None else easel.height)
    depth = max(8, bottom - top)
    deep = mix(mix(palette.top, palette.near, 0.45), palette.middle, 0.15)
    shallow = mix(palette.middle, palette.low, 0.3)
    tint = gradient(easel.width, depth, [(0, shallow), (0.35, mix(shallow, deep, 0.5)), (1, deep)])
    strength = 0.34 if calm else 0.75 if rough else 0.55
    cover = fade(
        easel.width, depth, [(0, strength * 0.25), (0.3, strength * 0.8), (1, min(1.0, strength * 1.35))]
    )
    swell = unit * (0.5 if calm else 1.8 if rough else 1.0)
    layers: list[Layer] = [Mirror(top, tint, cover, swell, max(1, round(unit * 0.3)), top + depth)]
    easel.checkpoint()
    bright = mix(palette.low, palette.light, 0.55)
    for index, (ink, amount, thickness) in enumerate(
        ((deep, 0.5, 1.2), (lighter(shallow, 0.25), 0.42, 1.0), (bright, 0.6, 0.8))
    ):
        mask = _ripples(easel, depth, (0.35 if calm else 0.7) * (1.6 if rough else 1), thickness)
        drift = unit * (0.8 + 0.5 * index) * (-1 if index % 2 else 1)
        layers.append(
            Plate(
                dimmed(mask, amount),
                ink,
                y=top,
                depth=0.25,
                drift=drift,
                bob=unit * 0.25,
                pace=3 + index,
                period=easel.full,
            )
        )
        easel.checkpoint()
    if not rough and "rain" not in scene.weather:
        layers.append(_path_of_light(easel, top, depth))
    return layers


def _ripples(easel: Easel, depth: int, amount: float, thickness: float) -> Image.Image:
    """Short lens-shaped strokes, small and close at the horizon, long and sparse near the viewer."""
    rng, unit, period = easel.rng, easel.unit, easel.full
    width = period + easel.width + 2
    stencil = Stencil(width, depth, 2)
    count = round(period * depth / (unit * unit) / 16 * amount)
    for _ in range(count):
        near = rng.random() ** 1.7
        y = near * depth
        long = unit * (0.8 + 9 * near) * rng.uniform(0.4, 1.2)
        high = max(0.4, unit * (0.06 + 0.34 * near) * thickness)
        x = rng.uniform(0, period)
        for place in (x - period, x, x + period):
            if -long < place < width:
                stencil.polygon(
                    [
                        (place - long / 2, y),
                        (place, y - high / 2),
                        (place + long / 2, y),
                        (place, y + high / 2),
                    ],
                    rng.randint(120, 255),
                )
    return stencil.mask()


def _path_of_light(easel: Easel, top: int, depth: int) -> Layer:
    """Glitter below sun or moon."""
    return Glitter(
        masks=[_glitter(easel, depth) for _ in range(2)],
        ink=mix(easel.palette.light, (255, 255, 255), 0.25),
        x=-easel.bleed,
        y=top,
    )


@dataclass
class Glitter:
    """Two sets of sparks that come and go against each other."""

    masks: list[Image.Image]
    ink: RGB
    x: float
    y: float

    def paint(self, canvas: Image.Image, moment: Moment) -> None:
        for index, mask in enumerate(self.masks):
            share = 0.55 + 0.45 * math.sin(moment.seconds * 3.1 + index * math.pi)
            Plate(dimmed(mask, share), self.ink, x=self.x, y=self.y, depth=0.05).paint(canvas, moment)


def _glitter(easel: Easel, depth: int) -> Image.Image:
    rng, unit = easel.rng, easel.unit
    centre = easel.light_x * easel.width + easel.bleed
    stencil = Stencil(easel.full, depth, 2)
    for _ in range(round(depth / unit * 7)):
        near = rng.random() ** 1.3
        spread = unit * (2.2 + 11 * near)
        x = centre + rng.gauss(0, 0.5) * spread
        long = unit * (0.5 + 4.2 * near) * rng.uniform(0.4, 1.1)
        high = max(0.5, unit * (0.09 + 0.3 * near))
        y = near * depth
        stencil.polygon(
            [(x - long / 2, y), (x, y - high / 2), (x + long / 2, y), (x, y + high / 2)],
            rng.randint(110, 250),
        )
    strength = 0.85 if easel.scene.time != "day" else 0.6
    return ImageChops.multiply(
        stencil.mask(), fade(easel.full, depth, [(0, strength), (0.6, strength * 0.7), (1, strength * 0.15)])
    )


def beach(easel: Easel, top: float) -> list[Layer]:
    """Sand in the foreground with a line of foam."""
    palette = easel.palette
    rng = easel.rng
    phase = rng.uniform(0, math.tau)
    skyline = [
        top
        + easel.height * 0.035 * math.sin(phase + 3.1 * index / 60)
        + easel.height * 0.008 * math.sin(9 * index / 60 + phase)
        for index in range(61)
    ]
    layers: list[Layer] = []
    sand = mix(mix((232, 206, 160), palette.low, 0.25), palette.near, palette.gloom * 0.7)
    for offset, colour in (
        (-0.022, mix(sand, (255, 255, 255), 0.75)),
        (-0.008, mix(sand, palette.near, 0.25)),
        (0.02, sand),
    ):
        plate = easel.band([y + offset * easel.height for y in skyline], 0.5)
        ink = gradient(easel.full, plate.mask.height, [(0, colour), (1, mix(colour, palette.near, 0.25))])
        specks = noise(easel.full, plate.mask.height, (40, 40), rng, 3)
        ink.paste(mix(colour, palette.near, 0.35), (0, 0), dimmed(specks, 0.2))
        plate.ink = ink
        layers.append(plate)
    return layers


def island(
    easel: Easel, x: float, base: float, wide: float, high: float
) -> tuple[Layer, list[tuple[float, float]]]:
    """A rocky island standing in the water at `base`, and its outline in canvas coordinates."""
    rng = easel.rng
    count = 40
    points = []
    for index in range(count + 1):
        part = index / count
        dome = math.sin(math.pi * part) ** 0.55
        plateau = min(1.0, dome * 1.25)
        points.append((x - wide / 2 + wide * part, base - high * plateau * (0.86 + 0.14 * rng.random()) + 1))
    left, top = x - wide / 2, base - high * 1.1
    size = (math.ceil(wide) + 2, math.ceil(base - top) + 2)
    stencil = Stencil(*size, 3)
    stencil.polygon([(px - left, py - top) for px, py in points] + [(wide, size[1]), (0, size[1])])
    palette = easel.palette
    rock = mix(mix((92, 88, 92), palette.near, 0.3 + palette.gloom * 0.5), palette.far, 0.15)
    grass = mix(palette.green, palette.near, 0.15 + 0.5 * palette.gloom)
    ink = gradient(
        *size,
        [(0, mix(grass, palette.light, 0.15)), (0.3, grass), (0.5, rock), (1, mix(rock, palette.near, 0.6))],
    )
    facets = noise(size[0], size[1], (9, 5), rng, 4)
    ink.paste(mix(rock, palette.near, 0.75), (0, 0), dimmed(facets, 0.55))
    return Plate(stencil.mask(), ink, x=left, y=top, depth=0.18), points
