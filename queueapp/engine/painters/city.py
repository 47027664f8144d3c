"""Cities: towers behind towers, with windows that are lit when it is dark."""

from PIL import Image

from queueapp.engine.brushes import Stencil, dimmed, gradient
from queueapp.engine.colour import RGB, mix
from queueapp.engine.easel import Easel
from queueapp.engine.layers import Layer, Plate, Twinkle


def skyline(easel: Easel, base: float) -> list[Layer]:
    """Three rows of buildings standing at `base` (canvas y), nearer ones darker and larger."""
    palette = easel.palette
    layers: list[Layer] = []
    for row in range(3):
        part = row / 2
        colour = mix(mix(palette.far, palette.low, 0.2), palette.near, 0.12 + 0.7 * part)
        tall = min(easel.height * 0.62, easel.unit * 70) * (0.8 - 0.16 * part)
        layers += _row(easel, base, tall, easel.unit * (4.5 + 3.5 * part), colour, part)
        easel.checkpoint()
    return layers


def _row(easel: Easel, base: float, tall: float, wide: float, colour: RGB, part: float) -> list[Layer]:
    rng, palette = easel.rng, easel.palette
    top = base - tall * 1.12
    size = (easel.full, max(8, round(base - top)))
    walls, lit = Stencil(*size), [Stencil(*size), Stencil(*size)]
    shade = Stencil(*size)
    x = -rng.uniform(0, wide)
    while x < easel.full:
        width = wide * rng.uniform(0.6, 1.5)
        middle = 1 - abs((x + width / 2) / easel.full - 0.5) * 0.9
        high = tall * (0.24 + 0.76 * rng.random() ** 1.5) * middle
        _tower(easel, walls, shade, x, size[1] - high, width, size[1])
        _windows(easel, lit, x, size[1] - high, width, size[1], part)
        x += width + (wide * rng.uniform(0.0, 0.3) if rng.random() < 0.5 else 0)
    haze = mix(colour, palette.low, 0.5 if "neon" in easel.scene.styles else 0.35)
    ink = gradient(*size, [(0, colour), (0.55, colour), (1, haze)])
    ink.paste(mix(colour, palette.near, 0.45), (0, 0), dimmed(shade.mask(), 0.6))
    x = -easel.bleed
    depth = 0.12 + 0.3 * part
    layers: list[Layer] = [Plate(walls.mask(), ink, x=x, y=top, depth=depth)]
    dark = palette.gloom > 0.3
    for index, stencil in enumerate(lit):
        glass = _glass(easel, index) if dark else mix(colour, palette.light, 0.35)
        strength = (0.95 if dark else 0.4) * (0.55 + 0.45 * part)
        layers.append(
            Twinkle(
                [dimmed(stencil.mask(), strength)],
                glass,
                [5.5 + 3 * index],
                depth=depth,
                floor=0.82,
                x=x,
                y=top,
            )
        )
    return layers


def _glass(easel: Easel, index: int) -> RGB:
    if "neon" in easel.scene.styles:
        return ((64, 240, 255), (255, 92, 200))[index]
    return ((255, 214, 130), (255, 240, 200))[index]


def _tower(
    easel: Easel, walls: Stencil, shade: Stencil, x: float, top: float, width: float, foot: float
) -> None:
    rng = easel.rng
    kind = rng.random()
    walls.box(x, top, x + width, foot)
    shade.box(x + width * 0.62, top, x + width, foot)
    if kind < 0.22:
        walls.box(x + width * 0.2, top - width * 0.35, x + width * 0.8, top)
        walls.box(x + width * 0.47, top - width * 1.1, x + width * 0.53, top)
    elif kind < 0.34:
        walls.polygon([(x, top), (x + width, top), (x + width, top - width * 0.4)])
    elif kind < 0.46:
        walls.polygon([(x, top), (x + width / 2, top - width * 0.7), (x + width, top)])
    elif kind < 0.6:
        walls.box(x + width * 0.12, top - width * 0.18, x + width * 0.5, top)


def _windows(
    easel: Easel, lit: list[Stencil], x: float, top: float, width: float, foot: float, part: float
) -> None:
    rng, unit = easel.rng, easel.unit
    step = unit * (0.95 + 0.55 * part)
    columns = int((width - step * 0.5) / step)
    busy = rng.uniform(0.12, 0.6)
    inset = (width - columns * step) / 2
    y = top + step
    while y < foot - step:
        for column in range(columns):
            if rng.random() < busy:
                left = x + inset + (column + 0.22) * step
                rng.choice(lit).box(left, y, left + step * 0.5, y + step * 0.62, rng.randint(120, 255))
        y += step * 1.15


def street(easel: Easel, base: float) -> list[Layer]:
    """The dark ground before a dry city: a quay or a park."""
    palette = easel.palette
    tall = max(4, round(easel.height - base) + 2)
    mask = Image.new("L", (easel.full, tall), 255)
    ink = gradient(
        easel.full, tall, [(0, mix(palette.near, palette.low, 0.2)), (0.3, palette.near), (1, palette.near)]
    )
    return [Plate(mask, ink, x=-easel.bleed, y=round(base), depth=0.3)]
