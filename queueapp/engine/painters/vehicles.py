"""Boats, balloons, rockets, cars, trains, people, robots, in the pen's measure: feet on y = 0, height 1."""

import math

from queueapp.engine.colour import RGB, WHITE, darker, lighter, mix
from queueapp.engine.painters.pen import Pen, lit


def boat(pen: Pen, told: RGB | None) -> None:
    hull, sail = pen.colour(told or (150, 66, 46), True), pen.colour((250, 244, 232), True)
    pen.line([(0, 0.1), (0, 1.0)], 0.016, pen.easel.palette.near)
    pen.polygon([(0.03, 0.24), (0.03, 0.97), (0.2, 0.62), (0.4, 0.25)], sail)
    pen.polygon([(-0.03, 0.26), (-0.03, 0.88), (-0.29, 0.27)], mix(sail, pen.easel.palette.middle, 0.26))
    curve = [(-0.46, 0.19), (0.48, 0.2), (0.39, 0.06), (0.28, 0.0), (-0.27, 0.0), (-0.38, 0.07)]
    pen.polygon(curve, hull)
    pen.polygon([(-0.46, 0.19), (0.48, 0.2), (0.46, 0.165), (-0.445, 0.155)], lighter(hull, 0.3))
    pen.polygon([(0.39, 0.06), (0.28, 0.0), (-0.27, 0.0), (-0.38, 0.07)], darker(hull, 0.3))


def balloon(pen: Pen, told: RGB | None) -> None:
    skin = pen.colour(told or (226, 84, 62), True)
    pale = pen.colour((250, 232, 196), True)
    for index, (half, colour) in enumerate(((0.34, skin), (0.25, pale), (0.145, skin), (0.05, pale))):
        points = []
        for step in range(33):
            angle = math.pi * step / 32
            points.append(
                (half * math.sin(angle) ** (0.8 if index == 0 else 0.9), 0.64 + 0.36 * math.cos(angle))
            )
        right = [(x * _taper(y), y) for x, y in points]
        pen.polygon([*right, *((-x, y) for x, y in reversed(right))], colour)
    pen.polygon([(-0.055, 0.29), (0.055, 0.29), (0.04, 0.25), (-0.04, 0.25)], darker(skin, 0.3))
    for x in (-0.045, 0.045):
        pen.line([(x, 0.28), (x * 1.1, 0.12)], 0.007, pen.easel.palette.near)
    pen.box(-0.06, 0.01, 0.06, 0.12, pen.colour((134, 92, 56)))


def _taper(y: float) -> float:
    return 1.0 if y > 0.6 else 0.62 + 0.38 * max(0.0, (y - 0.28) / 0.32) ** 0.8


def rocket(pen: Pen, told: RGB | None) -> None:
    body, fin = pen.colour((240, 240, 236), True), pen.colour(told or (220, 66, 58), True)
    pen.polygon([(-0.09, 0.2), (0.09, 0.2), (0.0, 0.0)], (255, 176, 66))
    pen.polygon([(-0.05, 0.2), (0.05, 0.2), (0.0, 0.08)], (255, 240, 180))
    for side in (-1, 1):
        pen.polygon([(side * 0.11, 0.46), (side * 0.27, 0.2), (side * 0.25, 0.14), (side * 0.09, 0.24)], fin)
    hull = [(0.0, 1.0), (0.09, 0.86), (0.145, 0.66), (0.14, 0.44), (0.09, 0.2)]
    pen.polygon([*hull, *((-x, y) for x, y in reversed(hull))], body)
    pen.polygon([*hull, (0.035, 0.2), (0.06, 0.5), (0.05, 0.8)], mix(body, pen.easel.palette.near, 0.22))
    pen.polygon([(0.0, 1.0), (0.09, 0.86), (-0.09, 0.86)], fin)
    pen.oval(0, 0.64, 0.07, 0.07, fin)
    pen.oval(0, 0.64, 0.048, 0.048, (120, 196, 226))


def car(pen: Pen, told: RGB | None) -> None:
    paint = pen.colour(told or (62, 134, 186), True)
    dark = mix(pen.easel.palette.near, (26, 28, 34), 0.6)
    pen.polygon([(-0.72, 0.5), (-0.46, 0.94), (0.32, 0.94), (0.66, 0.5)], paint)
    pen.polygon([(-0.58, 0.52), (-0.4, 0.85), (-0.08, 0.85), (-0.08, 0.52)], lit(pen))
    pen.polygon([(0.0, 0.52), (0.0, 0.85), (0.27, 0.85), (0.5, 0.52)], lit(pen))
    pen.polygon([(-1.15, 0.18), (-1.12, 0.5), (-0.7, 0.56), (0.66, 0.56), (1.14, 0.44), (1.18, 0.18)], paint)
    pen.polygon([(-1.15, 0.18), (-1.14, 0.3), (1.17, 0.3), (1.18, 0.18)], darker(paint, 0.35))
    for x in (-0.66, 0.7):
        pen.oval(x, 0.18, 0.23, 0.21, dark)
        pen.oval(x, 0.18, 0.11, 0.1, lighter(dark, 0.5))
    pen.oval(1.12, 0.4, 0.055, 0.055, (255, 244, 190))


def train(pen: Pen, told: RGB | None) -> None:
    paint = pen.colour(told or (178, 58, 52), True)
    dark = mix(pen.easel.palette.near, (26, 28, 34), 0.5)
    for start, end in ((-2.4, -0.9), (-0.8, 0.7), (0.8, 2.4)):
        pen.polygon([(start, 0.18), (start, 0.9), (end - (0.3 if end > 2 else 0), 0.9), (end, 0.18)], paint)
        pen.box(start, 0.18, end - 0.02, 0.3, darker(paint, 0.35))
        for index in range(4):
            left = start + 0.14 + index * (end - start - 0.4) / 4
            pen.box(left, 0.5, left + 0.24, 0.76, lit(pen))
        for x in (start + 0.3, end - 0.35):
            pen.oval(x, 0.13, 0.13, 0.13, dark)
    pen.box(-2.5, 0, 2.5, 0.03, dark)


def person(pen: Pen, told: RGB | None) -> None:
    coat = pen.colour(told or (206, 74, 60), True)
    dark = mix(pen.easel.palette.near, (40, 42, 54), 0.5)
    pen.line([(-0.05, 0.44), (-0.08, 0.03)], 0.085, dark)
    pen.line([(0.05, 0.44), (0.09, 0.03)], 0.085, dark)
    pen.polygon([(-0.13, 0.42), (0.13, 0.42), (0.12, 0.8), (-0.12, 0.8)], coat)
    pen.polygon([(0.03, 0.42), (0.13, 0.42), (0.12, 0.8), (0.03, 0.8)], darker(coat, 0.25))
    pen.line([(-0.13, 0.76), (-0.18, 0.48)], 0.06, coat)
    pen.line([(0.13, 0.76), (0.18, 0.48)], 0.06, darker(coat, 0.25))
    pen.oval(0, 0.9, 0.075, 0.09, pen.colour((222, 176, 146)))
    pen.oval(0, 0.935, 0.08, 0.065, dark)


def robot(pen: Pen, told: RGB | None) -> None:
    body = pen.colour(told or (156, 176, 190), True)
    dark, eye = mix(body, pen.easel.palette.near, 0.5), (110, 244, 255)
    for x in (-0.13, 0.13):
        pen.box(x - 0.055, 0.03, x + 0.055, 0.3, dark)
        pen.oval(x, 0.04, 0.09, 0.045, body)
        side = 1 if x > 0 else -1
        pen.line([(side * 0.24, 0.58), (side * 0.34, 0.42), (side * 0.3, 0.3)], 0.07, dark)
        pen.oval(side * 0.3, 0.29, 0.055, 0.055, body)
    pen.polygon([(-0.24, 0.27), (0.24, 0.27), (0.27, 0.62), (-0.27, 0.62)], body)
    pen.polygon([(0.08, 0.27), (0.24, 0.27), (0.27, 0.62), (0.08, 0.62)], mix(body, dark, 0.35))
    pen.oval(0, 0.45, 0.075, 0.075, dark)
    pen.oval(0, 0.45, 0.045, 0.045, (255, 190, 90))
    pen.box(-0.06, 0.6, 0.06, 0.68, dark)
    pen.box(-0.23, 0.67, 0.23, 0.93, body)
    pen.box(-0.18, 0.73, 0.18, 0.88, darker(dark, 0.45))
    for x in (-0.085, 0.085):
        pen.oval(x, 0.805, 0.045, 0.05, eye)
        pen.oval(x, 0.805, 0.022, 0.024, WHITE)
    pen.line([(0, 0.93), (0, 1.03)], 0.018, dark)
    pen.oval(0, 1.05, 0.035, 0.035, (255, 110, 96))
