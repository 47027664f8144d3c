"""Trees, flowers and other plants, in the pen's measure: feet on y = 0, height 1."""

import math
from itertools import pairwise
from random import Random

from PIL import Image

from queueapp.engine.chance import lots
from queueapp.engine.colour import RGB, darker, lighter, mix
from queueapp.engine.easel import Easel
from queueapp.engine.painters.pen import Pen
from queueapp.engine.scene import Thing


def tree(pen: Pen, told: RGB | None) -> None:
    trunk = pen.colour((88, 62, 44))
    leaf = pen.colour(told or (70, 122, 62), told is not None)
    _crown(pen, trunk, leaf, 7)


def blossom(pen: Pen, told: RGB | None) -> None:
    _crown(pen, pen.colour((84, 58, 56)), pen.colour(told or (246, 172, 196), True), 11)


def _crown(pen: Pen, trunk: RGB, leaf: RGB, lot: int) -> None:
    rng = lots("crown", lot)
    pen.polygon([(-0.055, 0), (0.055, 0), (0.022, 0.55), (-0.022, 0.55)], trunk)
    for x, y in ((-0.2, 0.62), (0.22, 0.6), (0.05, 0.75)):
        pen.line([(0, 0.36), (x, y)], 0.022, trunk)
    for depth in range(3):
        tone = mix(darker(leaf, 0.34), lighter(leaf, 0.16), depth / 2)
        for _ in range(16):
            angle, reach = rng.uniform(0, math.tau), rng.random() ** 0.5
            size = rng.uniform(0.075, 0.14) * (1 - 0.14 * depth)
            x = math.cos(angle) * reach * 0.3 - 0.02 * depth
            y = 0.68 + math.sin(angle) * reach * 0.22 + 0.035 * depth
            pen.oval(x, y, size, size * 0.88, tone)


def fir(pen: Pen, told: RGB | None) -> None:
    leaf = pen.colour(told or (38, 88, 72), told is not None)
    pen.box(-0.03, 0, 0.03, 0.14, pen.colour((84, 60, 44)))
    for tier in range(5):
        low, high, half = 0.1 + tier * 0.17, 0.36 + tier * 0.165, 0.3 * (1 - tier * 0.17)
        pen.polygon([(-half, low), (0, low + 0.03), (half, low), (0, high)], leaf)
        pen.polygon([(0, low + 0.03), (half, low), (0, high)], darker(leaf, 0.2))
        if "snow" in pen.easel.scene.weather:
            pen.polygon(
                [(-half * 0.5, (low + high) / 2), (half * 0.3, (low + high) / 2 - 0.02), (0, high)],
                pen.colour((244, 248, 252)),
            )


def palm(pen: Pen, told: RGB | None) -> None:
    trunk, leaf = pen.colour((122, 92, 64)), pen.colour(told or (50, 128, 78), told is not None)
    spine = [(0.1 * math.sin(part * 1.5), part * 0.8) for part in (0, 0.25, 0.5, 0.75, 1.0)]
    for low, high in pairwise(spine):
        pen.line([low, high], 0.042, trunk)
    top = spine[-1]
    for angle in (-0.35, 0.25, 0.8, 1.57, 2.3, 2.9, 3.5):
        ribs = [
            (top[0] + 0.36 * p * math.cos(angle), top[1] + 0.3 * p * math.sin(angle) - 0.26 * p * p + 0.04)
            for p in (0, 0.3, 0.6, 1)
        ]
        under = [(x, y - 0.075 * math.sin(math.pi * min(1.0, i / 3 + 0.1))) for i, (x, y) in enumerate(ribs)]
        pen.polygon([*ribs, *reversed(under)], mix(leaf, darker(leaf, 0.3), (angle % 1)))


def cactus(pen: Pen, told: RGB | None) -> None:
    green = pen.colour(told or (66, 126, 78), told is not None)
    for points, thick in (
        ([(0, 0.02), (0, 0.9)], 0.17),
        ([(0, 0.36), (-0.24, 0.4), (-0.24, 0.66)], 0.11),
        ([(0, 0.5), (0.22, 0.54), (0.22, 0.78)], 0.1),
    ):
        pen.line(points, thick, green)
        pen.line([(x + thick * 0.2, y) for x, y in points], thick * 0.25, darker(green, 0.22))


def mushroom(pen: Pen, told: RGB | None) -> None:
    cap, stalk = pen.colour(told or (204, 48, 44), True), pen.colour((244, 232, 212))
    pen.polygon([(-0.12, 0), (0.12, 0), (0.085, 0.55), (-0.085, 0.55)], stalk)
    half = [(0.5 * math.cos(math.pi * i / 20), 0.46 + 0.5 * math.sin(math.pi * i / 20)) for i in range(21)]
    pen.polygon(half, cap)
    pen.oval(0, 0.47, 0.5, 0.06, darker(stalk, 0.14))
    for x, y, size in ((-0.24, 0.7, 0.065), (0.05, 0.8, 0.075), (0.28, 0.62, 0.055), (-0.05, 0.6, 0.045)):
        pen.oval(x, y, size, size * 0.85, stalk)


def bloom(easel: Easel, thing: Thing, tall: float, rng: Random) -> tuple[Image.Image, Image.Image]:
    """One flower of `tall` pixels: ink and mask."""
    pen = Pen(easel, tall, 0.8)
    petal = pen.colour(
        thing.colour
        or rng.choice([(232, 74, 92), (250, 196, 66), (244, 244, 250), (190, 120, 226), (250, 140, 90)]),
        True,
    )
    stem = pen.colour((78, 128, 66))
    lean = rng.uniform(-0.1, 0.1)
    pen.line([(0, 0), (lean * 0.4, 0.4), (lean, 0.76)], 0.035, stem)
    pen.polygon([(0, 0.15), (0.16, 0.36), (0.03, 0.28)], stem)
    pen.polygon([(0, 0.1), (-0.16, 0.3), (-0.03, 0.24)], darker(stem, 0.2))
    for index in range(7):
        angle = index * math.tau / 7 + rng.random()
        pen.oval(
            lean + 0.12 * math.cos(angle),
            0.78 + 0.12 * math.sin(angle),
            0.085,
            0.085,
            mix(petal, darker(petal, 0.25), (index % 3) / 3),
        )
    pen.oval(lean, 0.78, 0.07, 0.07, pen.colour((250, 206, 84), True))
    return pen.result()
