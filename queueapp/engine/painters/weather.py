"""What is between the viewer and the scene: fog, rain, snow, lightning, fireflies."""

from dataclasses import dataclass

from PIL import Image, ImageChops

from queueapp.engine.brushes import Stencil, curve, dimmed, doubled, fade, glow, noise, soften
from queueapp.engine.colour import mix
from queueapp.engine.easel import Easel
from queueapp.engine.layers import Falling, Layer, Moment, Plate, Twinkle


def weather(easel: Easel, horizon: float) -> list[Layer]:
    """Fog, rain, snow, fireflies: whatever is between the viewer and the scene."""
    kinds, layers = easel.scene.weather, list[Layer]()
    if "fog" in kinds:
        layers += fog(easel, horizon, 0.75)
    if kinds & {"rain", "storm"}:
        layers += rain(easel, 1.25 if "storm" in kinds else 0.85)
    if "storm" in kinds:
        layers.append(lightning(easel, horizon))
    if "snow" in kinds:
        layers += snow(easel)
    if "fireflies" in kinds:
        layers += fireflies(easel, horizon)
    easel.checkpoint()
    return layers


def fog(easel: Easel, horizon: float, strength: float) -> list[Layer]:
    layers: list[Layer] = []
    ink = mix(easel.palette.low, easel.palette.light, 0.25)
    for index, (place, tall) in enumerate(((0.86, 0.34), (1.12, 0.36), (1.4, 0.4))):
        height = max(8, round(easel.height * tall))
        period = easel.full
        mask = noise(period, height, (3, 2.2), easel.rng, 4)
        mask = curve(mask, lambda value: (value - 0.22) * 1.25)
        mask = ImageChops.multiply(mask, fade(period, height, [(0, 0), (0.45, 1), (0.6, 1), (1, 0)]))
        wide = doubled(dimmed(mask, strength * (1 - 0.18 * index)), easel.width)
        speed = easel.unit * (1.4 + index) * (-1 if index % 2 else 1)
        layers.append(
            Plate(
                wide,
                ink,
                y=round(horizon * place - height / 2),
                drift=speed,
                depth=0.3 + 0.2 * index,
                period=period,
            )
        )
    return layers


def rain(easel: Easel, amount: float) -> list[Layer]:
    layers: list[Layer] = []
    rng, unit = easel.rng, easel.unit
    for near, strength in ((0.5, 0.3), (1.0, 0.4)):
        stencil = Stencil(easel.full, easel.height * 2, 1)
        count = round(easel.full * easel.height / unit**2 / 55 * amount / near)
        for _ in range(count):
            x, y = rng.uniform(0, easel.full), rng.uniform(0, easel.height)
            long = unit * rng.uniform(3, 6.5) * near
            value = rng.randint(70, 255)
            for top in (y - easel.height, y, y + easel.height):
                stencil.line([(x, top), (x - long * 0.16, top + long)], max(1.0, unit * 0.13 * near), value)
        ink = mix(easel.palette.low, (255, 255, 255), 0.5)
        mask = dimmed(soften(stencil.mask(), 0.5), strength * 1.25)
        layers.append(Falling(mask, ink, speed=easel.height * (1.1 + near), depth=0.3))
    return layers


@dataclass
class Lightning:
    """A bolt and the lit cloud around it: there at the start, then again every few seconds for a blink."""

    bolt: Image.Image
    shine: Image.Image
    every: float = 2.9

    def paint(self, canvas: Image.Image, moment: Moment) -> None:
        since = moment.seconds % self.every
        strength = (
            1.0
            if since < 0.12
            else 0.25
            if since < 0.2
            else 0.8
            if since < 0.28
            else max(0.0, 0.7 - (since - 0.28) * 2.5)
        )
        if strength > 0:
            for mask, ink in ((self.shine, (206, 220, 255)), (self.bolt, (250, 250, 255))):
                canvas.paste(ink, (0, 0, *canvas.size), dimmed(mask, strength))


def lightning(easel: Easel, horizon: float) -> Layer:
    rng, unit = easel.rng, easel.unit
    x, y = easel.width * (easel.light_x * 1.1 - 0.05), 0.0
    stencil = Stencil(easel.width, easel.height, 2)
    points = [(x, y)]
    while y < horizon:
        x, y = x + rng.uniform(-3.4, 3.4) * unit, y + rng.uniform(1.5, 4.5) * unit
        points.append((x, min(y, horizon)))
    stencil.line(points, unit * 0.42)
    for start in rng.sample(range(2, max(3, len(points) - 3)), min(3, max(1, len(points) - 6))):
        fork, side = [points[start]], rng.choice((-1, 1))
        for _ in range(rng.randint(3, 6)):
            last = fork[-1]
            fork.append((last[0] + side * rng.uniform(0, 3.4) * unit, last[1] + rng.uniform(0.8, 2.8) * unit))
        stencil.line(fork, unit * 0.2, 200)
    bolt = stencil.mask()
    near = soften(bolt, unit * 1.6)
    shine = Image.new("L", bolt.size, 0)
    reach = unit * 46
    shine.paste(dimmed(glow(reach, 1.8), 0.42), (round(points[0][0] - reach), round(horizon * 0.25 - reach)))
    return Lightning(bolt, ImageChops.add(shine, curve(near, lambda value: value * 2.2)))


def snow(easel: Easel) -> list[Layer]:
    layers: list[Layer] = []
    rng, unit = easel.rng, easel.unit
    for near, strength in ((0.4, 0.55), (0.7, 0.75), (1.3, 0.8)):
        stencil = Stencil(easel.full, easel.height * 2, 2)
        count = round(easel.full * easel.height / unit**2 / 90 / near**1.6)
        for _ in range(count):
            x, y = rng.uniform(0, easel.full), rng.uniform(0, easel.height)
            size = max(0.5, unit * rng.uniform(0.14, 0.34) * near)
            value = rng.randint(120, 255)
            for top in (y - easel.height, y, y + easel.height):
                stencil.oval(x - size, top - size, x + size, top + size, value)
        mask = stencil.mask()
        if near > 1:
            mask = soften(mask, unit * 0.16)
        layers.append(
            Falling(
                dimmed(mask, strength),
                (250, 252, 255),
                speed=unit * 13 * near,
                sway=unit * near,
                depth=0.4 * near,
            )
        )
        easel.checkpoint()
    return layers


def fireflies(easel: Easel, horizon: float) -> list[Layer]:
    rng, unit = easel.rng, easel.unit
    masks = []
    for _ in range(3):
        mask = Image.new("L", (easel.full, easel.height), 0)
        for _ in range(12):
            size = unit * rng.uniform(0.9, 2.2)
            spark = glow(size, 3.0)
            place = (
                round(rng.uniform(0, easel.full)),
                round(rng.uniform(horizon * 0.75, easel.height * 0.95)),
            )
            mask.paste(255, place, spark)
        masks.append(curve(mask, lambda value: value * 1.5))
    return [Twinkle(masks, (255, 226, 130), (2.1, 2.9, 3.7), depth=0.6, floor=0.1, x=-easel.bleed)]
