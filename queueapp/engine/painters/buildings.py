"""Buildings and bridges, in the pen's measure: feet on y = 0, height 1."""

import math

from queueapp.engine.brushes import Point
from queueapp.engine.colour import RGB, darker, mix
from queueapp.engine.painters.pen import Pen, lit


def lighthouse(pen: Pen, told: RGB | None) -> None:
    white, band = pen.colour((246, 242, 234)), pen.colour(told or (206, 52, 48), True)
    shade = pen.easel.palette.near

    def half(y: float) -> float:
        return 0.105 - 0.045 * y

    for index in range(6):
        low, high = index * 0.13, index * 0.13 + 0.131
        colour = band if index % 2 else white
        pen.polygon([(-half(low), low), (half(low), low), (half(high), high), (-half(high), high)], colour)
        pen.polygon(
            [(half(low) * 0.35, low), (half(low), low), (half(high), high), (half(high) * 0.35, high)],
            mix(colour, shade, 0.28),
        )
    pen.box(-0.1, 0.775, 0.1, 0.8, mix(band, shade, 0.4))
    pen.box(-0.055, 0.8, 0.055, 0.93, (255, 240, 190))
    for x in (-0.055, -0.018, 0.018, 0.055):
        pen.line([(x, 0.8), (x, 0.93)], 0.008, shade)
    pen.polygon([(-0.08, 0.925), (0.08, 0.925), (0.0, 1.0)], band)
    pen.line([(0, 0.99), (0, 1.04)], 0.01, shade)
    pen.box(-0.022, 0.0, 0.022, 0.075, mix(shade, band, 0.2))
    for y in (0.3, 0.56):
        pen.box(-0.015, y, 0.015, y + 0.045, lit(pen))
    cottage_wall = pen.colour((236, 228, 214))
    pen.box(0.1, 0, 0.32, 0.11, cottage_wall)
    pen.polygon([(0.08, 0.11), (0.34, 0.11), (0.29, 0.19), (0.13, 0.19)], band)
    pen.box(0.15, 0.035, 0.19, 0.08, lit(pen))
    pen.box(0.24, 0.035, 0.28, 0.08, lit(pen))


def house(pen: Pen, told: RGB | None) -> None:
    wall = pen.colour(told or (238, 226, 204), told is not None)
    roof = pen.colour((166, 72, 54))
    pen.box(-0.42, 0, 0.42, 0.46, wall)
    pen.box(0.12, 0, 0.42, 0.46, mix(wall, pen.easel.palette.near, 0.16))
    pen.box(0.2, 0.6, 0.3, 0.98, mix(roof, pen.easel.palette.near, 0.3))
    pen.polygon([(-0.5, 0.44), (0.5, 0.44), (0.34, 0.86), (-0.34, 0.86)], roof)
    pen.polygon(
        [(0.12, 0.44), (0.5, 0.44), (0.34, 0.86), (0.12, 0.86)], mix(roof, pen.easel.palette.near, 0.16)
    )
    pen.box(-0.09, 0, 0.07, 0.29, mix(roof, pen.easel.palette.near, 0.45))
    for x in (-0.32, 0.19):
        pen.box(x, 0.15, x + 0.15, 0.31, lit(pen))
        pen.line([(x + 0.075, 0.15), (x + 0.075, 0.31)], 0.014, wall)


def castle(pen: Pen, told: RGB | None) -> None:
    wall = pen.colour(told or (172, 166, 160), told is not None)
    roof, shade = pen.colour((84, 92, 140)), pen.easel.palette.near
    towers = (
        (-0.44, 0.17, 0.5),
        (0.4, 0.19, 0.56),
        (-0.17, 0.17, 0.7),
        (0.15, 0.15, 0.62),
        (0.0, 0.13, 0.84),
    )
    for x, wide, top in sorted(towers, key=lambda tower: -tower[2]):
        pen.box(x - wide / 2, 0, x + wide / 2, top, wall)
        pen.box(x + wide * 0.12, 0, x + wide / 2, top, mix(wall, shade, 0.3))
        pen.polygon([(x - wide * 0.66, top), (x + wide * 0.66, top), (x, top + wide * 1.35)], roof)
        pen.polygon(
            [(x + wide * 0.1, top), (x + wide * 0.66, top), (x, top + wide * 1.35)], mix(roof, shade, 0.35)
        )
        pen.box(x - 0.016, top - 0.14, x + 0.016, top - 0.08, lit(pen))
    pen.box(-0.5, 0, 0.5, 0.27, wall)
    for index in range(11):
        pen.box(-0.5 + index * 0.094, 0.27, -0.44 + index * 0.094, 0.32, wall)
    pen.box(0.16, 0, 0.5, 0.27, mix(wall, shade, 0.14))
    pen.box(-0.07, 0, 0.07, 0.12, shade)
    pen.oval(0, 0.12, 0.07, 0.07, shade)
    for x in (-0.33, -0.2, 0.2, 0.33):
        pen.box(x - 0.013, 0.12, x + 0.013, 0.19, lit(pen))


def bridge(pen: Pen, told: RGB | None) -> None:
    steel = pen.colour(told or (196, 74, 54), True)
    dark = mix(steel, pen.easel.palette.near, 0.35)
    for x in (-1.0, 1.0):
        pen.box(x - 0.06, 0, x - 0.02, 1.0, dark)
        pen.box(x + 0.02, 0, x + 0.06, 1.0, steel)
        for y in (0.45, 0.68, 0.92):
            pen.box(x - 0.06, y, x + 0.06, y + 0.05, steel)
    for left, right, low in ((-1.0, 1.0, 0.3), (-2.3, -1.0, 0.24), (1.0, 2.3, 0.24)):
        points = []
        for index in range(25):
            part = index / 24
            x = left + (right - left) * part
            bend = (
                (2 * part - 1) ** 2
                if (left, right) == (-1.0, 1.0)
                else (part**2 if left < -1 else (1 - part) ** 2)
            )
            points.append((x, low + (0.97 - low) * bend))
        pen.line(points, 0.022, steel)
        for x, y in points[1:-1:2]:
            pen.line([(x, 0.24), (x, y)], 0.008, steel)
    pen.box(-2.5, 0.2, 2.5, 0.25, dark)
    pen.box(-2.5, 0.235, 2.5, 0.255, steel)


def windmill(pen: Pen, told: RGB | None) -> None:
    wall, cap = pen.colour(told or (240, 234, 222), told is not None), pen.colour((150, 70, 54))
    pen.polygon([(-0.17, 0), (0.17, 0), (0.1, 0.6), (-0.1, 0.6)], wall)
    pen.polygon([(0.04, 0), (0.17, 0), (0.1, 0.6), (0.03, 0.6)], mix(wall, pen.easel.palette.near, 0.2))
    pen.polygon([(-0.12, 0.6), (0.12, 0.6), (0.0, 0.75)], cap)
    pen.box(-0.035, 0, 0.035, 0.13, cap)
    for turn in range(4):
        angle = 0.5 + turn * math.pi / 2
        cos, sin = math.cos(angle), math.sin(angle)

        def at(r: float, s: float, cos: float = cos, sin: float = sin) -> Point:
            return (r * cos - s * sin, 0.64 + r * sin + s * cos)

        pen.line([at(0, 0), at(0.44, 0)], 0.016, pen.easel.palette.near)
        pen.polygon(
            [at(0.09, 0.01), at(0.44, 0.01), at(0.44, 0.09), at(0.09, 0.07)], pen.colour((252, 244, 226))
        )


def tent(pen: Pen, told: RGB | None) -> None:
    cloth = pen.colour(told or (226, 128, 50), True)
    pen.polygon([(-0.75, 0), (0.75, 0), (0.0, 0.95)], cloth)
    pen.polygon([(0.12, 0), (0.75, 0), (0.0, 0.95)], darker(cloth, 0.26))
    pen.polygon(
        [(-0.34, 0), (0.06, 0), (-0.02, 0.6)],
        (255, 226, 150) if pen.easel.palette.gloom > 0.3 else darker(cloth, 0.55),
    )
