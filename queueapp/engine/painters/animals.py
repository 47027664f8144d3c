"""Animals, in the pen's measure: feet on y = 0, height 1."""

import math

from queueapp.engine.brushes import Point
from queueapp.engine.colour import RGB, WHITE, darker, lighter, mix
from queueapp.engine.painters.pen import Pen


def cat(pen: Pen, told: RGB | None) -> None:
    """A sitting cat seen from the front, its tail to one side."""
    fur = pen.colour(told or (92, 84, 92), told is not None)
    dark, pale = darker(fur, 0.3), lighter(fur, 0.35)
    tail = [(0.16 + 0.34 * math.sin(p * 2.2), 0.07 + 0.34 * p * p) for p in (0, 0.2, 0.4, 0.6, 0.8, 1.0)]
    pen.line(tail, 0.085, dark)
    pen.oval(0, 0.24, 0.27, 0.25, fur)
    pen.polygon([(-0.2, 0.2), (0.2, 0.2), (0.14, 0.62), (-0.14, 0.62)], fur)
    pen.oval(0, 0.38, 0.095, 0.17, pale)
    for x in (-0.09, 0.09):
        pen.line([(x, 0.32), (x, 0.05)], 0.09, fur)
        pen.oval(x, 0.04, 0.07, 0.042, pale)
    _head(pen, fur, dark, 0.7, ears=0.24)


def _head(pen: Pen, fur: RGB, dark: RGB, y: float, ears: float) -> None:
    for side in (-1, 1):
        pen.polygon([(side * 0.2, y + 0.04), (side * 0.17, y + ears + 0.06), (side * 0.03, y + 0.14)], fur)
        pen.polygon(
            [(side * 0.17, y + 0.08), (side * 0.155, y + ears), (side * 0.07, y + 0.13)],
            mix(dark, (226, 140, 140), 0.35),
        )
    pen.oval(0, y, 0.22, 0.175, fur)
    for side in (-1, 1):
        pen.oval(side * 0.09, y + 0.02, 0.045, 0.048, (236, 214, 110))
        pen.oval(side * 0.09, y + 0.02, 0.018, 0.042, (20, 20, 24))
        pen.oval(side * 0.08, y + 0.04, 0.01, 0.012, WHITE)
        for drop in (-0.01, -0.045):
            pen.line([(side * 0.09, y - 0.06), (side * 0.26, y - 0.05 + drop)], 0.007, lighter(fur, 0.6))
    pen.oval(0, y - 0.065, 0.055, 0.038, lighter(fur, 0.4))
    pen.polygon([(-0.024, y - 0.035), (0.024, y - 0.035), (0, y - 0.065)], (214, 122, 124))


def dog(pen: Pen, told: RGB | None) -> None:
    """A sitting dog with hanging ears."""
    fur = pen.colour(told or (196, 142, 84), told is not None)
    dark, pale = darker(fur, 0.32), lighter(fur, 0.55)
    pen.line([(0.2, 0.1), (0.36, 0.2), (0.42, 0.36)], 0.075, fur)
    pen.oval(0, 0.24, 0.26, 0.24, fur)
    pen.polygon([(-0.2, 0.2), (0.2, 0.2), (0.15, 0.62), (-0.15, 0.62)], fur)
    pen.oval(0, 0.36, 0.11, 0.19, pale)
    for x in (-0.1, 0.1):
        pen.line([(x, 0.32), (x, 0.05)], 0.1, fur)
        pen.oval(x, 0.045, 0.08, 0.045, pale)
    pen.oval(0, 0.74, 0.2, 0.2, fur)
    pen.oval(0, 0.66, 0.105, 0.095, pale)
    for side in (-1, 1):
        pen.polygon(
            [
                (side * 0.11, 0.93),
                (side * 0.24, 0.88),
                (side * 0.29, 0.66),
                (side * 0.21, 0.6),
                (side * 0.17, 0.8),
            ],
            dark,
        )
        pen.oval(side * 0.08, 0.785, 0.03, 0.034, (26, 22, 22))
        pen.oval(side * 0.072, 0.797, 0.01, 0.01, WHITE)
    pen.oval(0, 0.705, 0.042, 0.03, (30, 24, 26))
    pen.polygon([(-0.03, 0.635), (0.03, 0.635), (0.02, 0.565), (-0.02, 0.565)], (228, 112, 118))


def fox(pen: Pen, told: RGB | None) -> None:
    _sitting_canine(pen, pen.colour(told or (222, 108, 42), True), pen.colour((252, 244, 234), True))


def wolf(pen: Pen, told: RGB | None) -> None:
    _sitting_canine(pen, pen.colour(told or (112, 120, 132), told is not None), pen.colour((214, 218, 224)))


def _sitting_canine(pen: Pen, fur: RGB, pale: RGB) -> None:
    """Pointed ears, a long muzzle, a brush of a tail with a pale tip."""
    dark = darker(fur, 0.45)
    for part in range(11):
        p = part / 10
        x, y = 0.2 + 0.42 * p, 0.09 + 0.2 * p * p
        size = 0.05 + 0.07 * math.sin(math.pi * min(1.0, p * 1.05))
        pen.oval(x, y, size, size, pale if p > 0.75 else fur)
    pen.oval(0.02, 0.23, 0.25, 0.23, fur)
    pen.polygon([(-0.19, 0.2), (0.21, 0.2), (0.12, 0.62), (-0.12, 0.62)], fur)
    pen.polygon([(-0.1, 0.6), (0.1, 0.6), (0.0, 0.22)], pale)
    for x in (-0.09, 0.09):
        pen.line([(x, 0.32), (x, 0.06)], 0.08, fur)
        pen.line([(x, 0.12), (x, 0.045)], 0.08, dark)
    for side in (-1, 1):
        pen.polygon([(side * 0.21, 0.74), (side * 0.19, 1.0), (side * 0.03, 0.86)], fur)
        pen.polygon([(side * 0.18, 0.78), (side * 0.17, 0.95), (side * 0.08, 0.85)], dark)
    pen.polygon(
        [(-0.25, 0.72), (-0.12, 0.87), (0.12, 0.87), (0.25, 0.72), (0.06, 0.56), (0.0, 0.53), (-0.06, 0.56)],
        fur,
    )
    for side in (-1, 1):
        pen.polygon([(side * 0.25, 0.72), (side * 0.06, 0.7), (0, 0.53), (side * 0.06, 0.56)], pale)
        pen.oval(side * 0.095, 0.755, 0.024, 0.026, (24, 20, 22))
        pen.oval(side * 0.09, 0.763, 0.008, 0.008, WHITE)
    pen.oval(0, 0.545, 0.034, 0.028, (24, 20, 22))


def deer(pen: Pen, told: RGB | None) -> None:
    """A standing stag from the side."""
    fur = pen.colour(told or (150, 98, 58), told is not None)
    dark = darker(fur, 0.3)
    for x, tone in ((-0.2, dark), (0.17, dark), (-0.26, fur), (0.12, fur)):
        pen.line([(x, 0.4), (x + 0.01, 0.2), (x - 0.01, 0.02)], 0.04, tone)
    pen.oval(-0.05, 0.46, 0.26, 0.125, fur)
    pen.polygon([(0.06, 0.4), (0.2, 0.42), (0.3, 0.72), (0.2, 0.75)], fur)
    pen.polygon([(0.19, 0.7), (0.25, 0.79), (0.33, 0.76), (0.42, 0.67), (0.4, 0.64), (0.28, 0.66)], fur)
    pen.polygon([(0.2, 0.76), (0.11, 0.82), (0.23, 0.8)], fur)
    pen.oval(0.31, 0.735, 0.012, 0.013, (20, 18, 18))
    pen.polygon([(-0.3, 0.5), (-0.36, 0.44), (-0.28, 0.44)], lighter(fur, 0.6))
    for lean in (0.0, 0.07):
        pen.line([(0.24, 0.78), (0.19 + lean, 0.9), (0.23 + lean, 1.02)], 0.016, dark)
        pen.line([(0.2 + lean, 0.87), (0.29 + lean, 0.93)], 0.014, dark)
        pen.line([(0.2 + lean, 0.92), (0.13 + lean, 1.0)], 0.014, dark)


def whale(pen: Pen, told: RGB | None) -> None:
    """A whale's back, tail and blow above the water."""
    skin = pen.colour(told or (58, 84, 112), told is not None)
    back = [(-1.0 + 2.0 * p, 0.48 * math.sin(math.pi * p**0.8)) for p in (i / 30 for i in range(31))]
    pen.polygon([(-1.0, 0), *back, (1.0, 0)], skin)
    pen.polygon([(-1.0, 0), *((x, y * 0.35) for x, y in back), (1.0, 0)], lighter(skin, 0.25))
    pen.polygon(
        [(1.0, 0), (1.14, 0.42), (1.4, 0.66), (1.2, 0.62), (1.02, 0.6), (0.86, 0.72), (1.0, 0.42), (0.9, 0)],
        skin,
    )
    spray = lighter(pen.easel.palette.low, 0.5)
    for lean in (-0.16, -0.06, 0.06, 0.16):
        pen.line([(-0.5, 0.46), (-0.5 + lean, 0.78), (-0.5 + lean * 2.2, 0.86 - abs(lean))], 0.035, spray)


def fish(pen: Pen, told: RGB | None) -> None:
    """A leaping fish."""
    skin = pen.colour(told or (238, 134, 64), True)
    body = [(-0.6 + 1.2 * p, 0.5 + 0.3 * math.sin(math.pi * p)) for p in (i / 20 for i in range(21))]
    under = [(x, 0.5 - (y - 0.5) * 0.8) for x, y in body]
    pen.polygon([(-0.5, 0.5), (-0.95, 0.85), (-0.82, 0.5), (-0.95, 0.15)], darker(skin, 0.2))
    pen.polygon([(-0.15, 0.75), (0.1, 1.0), (0.22, 0.74)], darker(skin, 0.2))
    pen.polygon([*body, *reversed(under)], skin)
    pen.polygon([*((x, 0.5) for x, _ in body), *reversed(under)], lighter(skin, 0.4))
    pen.oval(0.38, 0.55, 0.05, 0.05, WHITE)
    pen.oval(0.39, 0.55, 0.025, 0.028, (20, 20, 24))


def birds(pen: Pen, told: RGB | None) -> None:
    ink = pen.colour(told, True) if told else mix(pen.easel.palette.near, pen.easel.palette.far, 0.2)
    spots: list[tuple[float, float, float]] = [
        (0, 0.5, 0.3),
        (-0.5, 0.72, 0.22),
        (0.52, 0.78, 0.2),
        (0.9, 0.5, 0.16),
        (-0.85, 0.4, 0.15),
        (0.2, 0.95, 0.14),
    ]
    for x, y, size in spots:
        for side in (-1, 1):
            wing: list[Point] = [
                (x, y), (x + side * size * 0.4, y + size * 0.32), (x + side * size, y + size * 0.12),
                (x + side * size * 0.45, y + size * 0.16), (x, y - size * 0.1),
            ]  # fmt: skip
            pen.polygon(wing, ink)
