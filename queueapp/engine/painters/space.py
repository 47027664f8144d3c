"""Space: nebulae, a field of stars, planets."""

import math

from PIL import Image, ImageChops

from queueapp.engine.brushes import Stencil, curve, dimmed, glow, gradient, noise, soften
from queueapp.engine.colour import BLACK, RGB, darker, hsl, lighter, mix
from queueapp.engine.easel import Easel
from queueapp.engine.layers import Backdrop, Layer, Plate
from queueapp.engine.painters.sky import stars


def space(easel: Easel) -> list[Layer]:
    """A whole view into space; a planet unless the prompt speaks of something else there."""
    rng = easel.rng
    inks = _inks(easel)
    deep = darker(inks[0], 0.88)
    layers: list[Layer] = [
        Backdrop(gradient(easel.width, easel.height, [(0, deep), (1, darker(inks[1], 0.82))]))
    ]
    for index, ink in enumerate(inks):
        layers.append(_cloud(easel, ink, 0.8 - 0.1 * index, index))
        easel.checkpoint()
    layers += stars(easel, easel.height * 1.4, 1.1)
    x = easel.width * (1 - easel.light_x)
    planet = easel.scene.thing("planet")
    if planet or not easel.scene.things:
        size = easel.unit * 21 * (planet.size if planet else 1)
        colour = planet.colour if planet and planet.colour else hsl(rng.random(), 0.5, 0.5)
        layers += orb(easel, x, easel.height * rng.uniform(0.42, 0.6), size, colour)
    return layers


def _inks(easel: Easel) -> list[RGB]:
    named = list(easel.scene.colours)
    if len(named) == 1:
        named.append(lighter(named[0], 0.3))
    if named:
        return (named * 3)[:3]
    hue = easel.rng.uniform(0.55, 0.9)
    return [hsl(hue, 0.7, 0.45), hsl(hue + 0.12, 0.75, 0.5), hsl(hue - 0.17, 0.7, 0.55)]


def _cloud(easel: Easel, ink: RGB, strength: float, index: int) -> Plate:
    """Gas along a diagonal band, brighter where it is thick."""
    width, height = easel.full, easel.height + easel.bleed
    size = max(width, height)
    shape = noise(size, size, (3 + index, 3 + index), easel.rng, 6)
    band = soften(_diagonal(easel, size, easel.rng.uniform(-0.12, 0.12)), size * 0.1)
    mask = ImageChops.multiply(curve(shape, lambda value: max(0.0, value - 0.3) ** 1.4 * 2.2), band)
    body = Image.new("RGB", (size, size), ink)
    body.paste(lighter(ink, 0.6), (0, 0), curve(mask, lambda value: (value - 0.45) * 1.6))
    speed = easel.unit * 0.35 * (-1 if index % 2 else 1)
    return Plate(
        dimmed(mask, strength),
        body,
        x=-easel.bleed,
        y=-(size - easel.height) / 2,
        depth=0.08 + 0.05 * index,
        drift=speed,
    )


def _diagonal(easel: Easel, size: int, offset: float) -> Image.Image:
    stencil = Stencil(size, size, 1)
    tilt = -1 if easel.light_x < 0.5 else 1
    middle = size * (0.5 + offset)
    half = size * 0.2
    rise = tilt * size * 0.3
    stencil.polygon(
        [
            (0, middle - rise - half),
            (size, middle + rise - half),
            (size, middle + rise + half),
            (0, middle - rise + half),
        ]
    )
    return stencil.mask()


def orb(easel: Easel, x: float, y: float, radius: float, colour: RGB) -> list[Layer]:
    """A banded planet lit from one side, with a ring and a thin shine of air."""
    rng = easel.rng
    size = math.ceil(radius * 2) + 4
    disc = Stencil(size, size, 3)
    disc.oval(2, 2, size - 2, size - 2)
    bands = noise(size, size, (2, 9), rng, 4)
    face = gradient(size, size, [(0, lighter(colour, 0.3)), (0.5, colour), (1, darker(colour, 0.3))])
    face.paste(lighter(colour, 0.5), (0, 0), dimmed(curve(bands, lambda value: (value - 0.4) * 2), 0.6))
    side = -1 if easel.light_x < 0.5 else 1
    sun = curve(glow(radius * 2.1, 0.9), lambda value: 1 - value * 2.1)
    night = Image.new("L", (size, size), 255)
    centre = size / 2 + side * radius * 0.9
    night.paste(sun, (round(centre - radius * 2.1), round(size / 2 - radius * 0.5 - radius * 2.1)))
    face.paste(mix(BLACK, colour, 0.06), (0, 0), dimmed(night, 0.97))
    halo = dimmed(glow(radius * 1.5, 2.4), 0.5)
    layers: list[Layer] = [
        Plate(
            halo,
            lighter(colour, 0.3),
            x=x - radius * 1.5 + side * radius * 0.14,
            y=y - radius * 1.56,
            depth=0.3,
        )
    ]
    back, front = _ring(radius, rng.uniform(0.2, 0.32))
    left, top = x - radius * 2.1, y - radius * 2.1
    ring = lighter(mix(colour, (240, 226, 200), 0.55), 0.1)
    layers.append(Plate(back, ring, x=left, y=top, depth=0.3))
    layers.append(Plate(disc.mask(), face, x=x - size / 2, y=y - size / 2, depth=0.3))
    layers.append(Plate(front, ring, x=left, y=top, depth=0.3))
    return layers


def _ring(radius: float, squash: float) -> tuple[Image.Image, Image.Image]:
    """The half of the ring behind the planet and the half before it."""
    size = math.ceil(radius * 4.2)
    stencil = Stencil(size, size, 2)
    middle = size / 2
    for outer, value in ((2.0, 150), (1.84, 60), (1.78, 190), (1.5, 110), (1.34, 0)):
        stencil.oval(
            middle - radius * outer,
            middle - radius * outer * squash,
            middle + radius * outer,
            middle + radius * outer * squash,
            value,
        )
    whole = stencil.mask()
    halves = []
    for top, bottom in ((0, size // 2), (size // 2, size)):
        half = Image.new("L", (size, size), 0)
        half.paste(whole.crop((0, top, size, bottom)), (0, top))
        halves.append(half.rotate(-14, Image.Resampling.BICUBIC))
    return halves[0], halves[1]
