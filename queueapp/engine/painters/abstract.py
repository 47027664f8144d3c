"""Pictures for words that name nothing visible: light, ribbons and orbs in colours the words decide."""

import math
from dataclasses import dataclass

from PIL import Image, ImageDraw

from queueapp.engine.brushes import Stencil, dimmed, glow, gradient
from queueapp.engine.chance import lots
from queueapp.engine.colour import RGB, darker, lighter, mix
from queueapp.engine.easel import Easel
from queueapp.engine.layers import Backdrop, Layer, Moment, Plate
from queueapp.engine.palette import of_words


@dataclass(frozen=True)
class Wave:
    """One travelling sine: waves across the width, phase, turns a second, parts of the height."""

    count: float
    phase: float
    speed: float
    weight: float


@dataclass
class Ribbon:
    """A band from its crest to the canvas' bottom whose crest travels; shaded by `veil` below the crest."""

    base: float
    waves: list[Wave]
    ink: RGB
    edge: RGB
    veil: Image.Image

    def paint(self, canvas: Image.Image, moment: Moment) -> None:
        width, height = canvas.size
        points = []
        for index in range(65):
            part = index / 64
            sway = sum(
                w.weight * math.sin(math.tau * (w.count * part + w.speed * moment.seconds) + w.phase)
                for w in self.waves
            )
            points.append((part * width, (self.base + sway) * height))
        top = max(0, int(min(y for _, y in points)) - 2)
        if top >= height:
            return
        mask = Image.new("L", (width * 2, (height - top) * 2), 0)
        crest = [(x * 2, (y - top) * 2) for x, y in points]
        draw = ImageDraw.Draw(mask)
        draw.polygon([(0, mask.height), *crest, (mask.width, mask.height)], fill=255)
        small = mask.reduce(2)
        body = Image.new("RGB", small.size, self.edge)
        body.paste(self.ink, (0, 0), self.veil.crop((0, 0, width, small.height)))
        canvas.paste(body, (0, top), small)


def abstract(easel: Easel) -> list[Layer]:
    """Ribbons over a lit ground with a few orbs; the words choose colours and kind, chance the rest."""
    ramp = of_words(easel.scene)
    words = lots("abstract", easel.scene.prompt)
    kind = words.choice(("ribbons", "dusk", "orbs"))
    bright, dark = ramp[-1], ramp[0]
    easel.checkpoint()
    if kind == "dusk":
        ground = gradient(
            easel.width,
            easel.height,
            [(0, dark), (0.45, ramp[1]), (0.8, mix(ramp[2], ramp[-2], 0.5)), (1, ramp[-2])],
        )
    else:
        ground = gradient(
            easel.width, easel.height, [(0, bright), (0.5, mix(bright, ramp[-2], 0.6)), (1, ramp[-2])]
        )
    _lights(easel, ground, ramp)
    layers: list[Layer] = [Backdrop(ground)]
    layers += _orbs(easel, ramp, 5 if kind == "orbs" else 2)
    layers += _ribbons(easel, ramp, 4 if kind == "orbs" else 7)
    easel.checkpoint()
    return layers


def _lights(easel: Easel, ground: Image.Image, ramp: list[RGB]) -> None:
    rng = easel.rng
    for _ in range(5):
        reach = easel.unit * rng.uniform(35, 80)
        place = (
            round(rng.uniform(0, easel.width) - reach),
            round(rng.uniform(0, easel.height * 0.8) - reach),
        )
        ground.paste(rng.choice(ramp[1:]), place, dimmed(glow(reach, 1.6), rng.uniform(0.3, 0.7)))


def _orbs(easel: Easel, ramp: list[RGB], count: int) -> list[Layer]:
    rng = easel.rng
    layers: list[Layer] = []
    for index in range(count):
        radius = easel.unit * (rng.uniform(12, 19) if index == 0 else rng.uniform(2, 9))
        x = easel.width * (easel.light_x if index == 0 else rng.uniform(0.08, 0.92))
        y = easel.height * (rng.uniform(0.26, 0.4) if index == 0 else rng.uniform(0.1, 0.6))
        ink = ramp[-2] if index == 0 else rng.choice(ramp[1:])
        size = math.ceil(radius * 2) + 4
        stencil = Stencil(size, size, 3)
        stencil.oval(2, 2, size - 2, size - 2)
        body = gradient(size, size, [(0, lighter(ink, 0.5)), (0.5, ink), (1, darker(ink, 0.16))])
        layers.append(
            Plate(
                stencil.mask(),
                body,
                x=x - size / 2,
                y=y - size / 2,
                depth=0.2 + 0.1 * index,
                bob=easel.unit * (1 + index * 0.4),
                pace=5 + index,
            )
        )
    return layers


def _ribbons(easel: Easel, ramp: list[RGB], count: int) -> list[Layer]:
    rng = easel.rng
    veil = gradient(
        easel.width, easel.height, [(0, (0, 0, 0)), (0.32, (215, 215, 215)), (1, (255, 255, 255))]
    ).getchannel(0)
    layers: list[Layer] = []
    span = easel.width / easel.height
    for index in range(count):
        part = (index + 1) / count
        base = 0.4 + 0.56 * part
        waves = [
            Wave(
                rng.uniform(0.35, 0.75) * span**0.5,
                rng.uniform(0, math.tau),
                rng.uniform(0.03, 0.06),
                rng.uniform(0.06, 0.1),
            ),
            Wave(
                rng.uniform(1.0, 1.7) * span**0.5,
                rng.uniform(0, math.tau),
                -rng.uniform(0.02, 0.05),
                rng.uniform(0.015, 0.035),
            ),
        ]
        place = (1 - part) * (len(ramp) - 1)
        low = int(place)
        ink = mix(ramp[low], ramp[min(len(ramp) - 1, low + 1)], place - low)
        layers.append(Ribbon(base, waves, ink, mix(ink, ramp[min(len(ramp) - 1, low + 2)], 0.55), veil))
    return layers
