"""Land: mountain ranges, hills, forests, dunes and the dark foreground that frames a view."""

import math

from PIL import Image

from queueapp.engine.brushes import Stencil, crags, dimmed, gradient, noise, rolling, soften
from queueapp.engine.colour import RGB, darker, lighter, mix
from queueapp.engine.easel import Easel, height_at, outline
from queueapp.engine.layers import Layer, Plate

Skyline = list[float]


def mountains(easel: Easel, horizon: float, ranges: int = 4) -> list[Layer]:
    """Ranges behind each other, paler with distance, the mist of the valleys between them."""
    palette, rng = easel.palette, easel.rng
    snowy = "snow" in easel.scene.weather
    layers: list[Layer] = []
    for index in range(ranges):
        part = index / max(1, ranges - 1)
        rise = easel.height * (0.46 - 0.3 * part) * (0.84 if easel.width > easel.height * 1.4 else 0.74)
        heights = crags(160, rng, rng.uniform(2.6, 3.8) + part * 1.6, 0.44)
        base = horizon + easel.height * 0.015 * index
        skyline = [base - rise * (0.12 + 0.88 * height**1.25) for height in heights]
        colour = mix(palette.far, palette.near, 0.06 + 0.62 * part**1.15)
        layers.append(
            _range(
                easel,
                skyline,
                colour,
                0.12 + 0.3 * part,
                rise,
                (snowy and part < 0.6) or (index == 0 and "mountains" in easel.scene.places),
            )
        )
        easel.checkpoint()
    return layers


def _range(easel: Easel, skyline: Skyline, colour: RGB, depth: float, rise: float, snowy: bool) -> Plate:
    plate = easel.band(skyline, depth)
    palette = easel.palette
    tall = plate.mask.height
    foot = min(1.0, (rise * 1.15) / tall)
    haze = mix(colour, palette.low, 0.5)
    ink = gradient(easel.full, tall, [(0, mix(colour, palette.light, 0.06)), (foot, haze), (1, haze)])
    flanks = _flanks(easel, skyline, plate.y, tall)
    ink.paste(mix(colour, palette.light, 0.42), (0, 0), dimmed(flanks, 0.5))
    if snowy:
        caps = _snow(easel, skyline, plate.y, tall, rise)
        bright = mix((250, 252, 255), palette.middle, 0.14 + palette.gloom * 0.4)
        ink.paste(mix(bright, palette.far, 0.3), (0, 0), caps)
        lit = Image.new("L", caps.size, 0)
        lit.paste(caps, (0, 0), flanks)
        ink.paste(mix(bright, palette.light, 0.4), (0, 0), lit)
    plate.ink = ink
    return plate


def _flanks(easel: Easel, skyline: Skyline, top: float, tall: int) -> Image.Image:
    """The sides of the peaks that face the light, each a ragged triangle below its summit."""
    rng = easel.rng
    points = outline(skyline, easel.full, top)
    light = easel.light_x * easel.width + easel.bleed
    stencil = Stencil(easel.full, tall)
    window = 5
    for index in range(window, len(points) - window):
        x, y = points[index]
        if y > min(point[1] for point in points[index - window : index + window + 1]):
            continue
        side = -1 if light < x else 1
        edge = [(x, y)]
        spot = index
        while 0 < spot + side < len(points) and points[spot + side][1] >= points[spot][1] - 1.5:
            spot += side
            edge.append(points[spot])
        drop = max(4.0, (points[spot][1] - y) * 1.5)
        inner = []
        for part in (1.0, 0.8, 0.6, 0.42, 0.26, 0.12):
            sway = rng.uniform(-0.1, 0.2) * drop * 0.5
            inner.append((x - side * sway * part + side * drop * 0.1 * part, y + drop * part))
        stencil.polygon([*edge, *inner], 255)
    return soften(stencil.mask(), 0.6)


def _snow(easel: Easel, skyline: Skyline, top: float, tall: int, rise: float) -> Image.Image:
    """Snow from each summit down to a ragged line."""
    rng = easel.rng
    points = outline(skyline, easel.full, top)
    floor = max(y for _, y in points)
    lower = []
    for index, (x, y) in enumerate(points):
        above = max(0.0, floor - y - rise * 0.22)
        ragged = 0.34 + 0.3 * rng.random() + (0.16 if index % 2 else 0)
        lower.append((x, y + above * ragged))
    stencil = Stencil(easel.full, tall)
    stencil.polygon([*points, *reversed(lower)])
    return stencil.mask()


def hills(
    easel: Easel, horizon: float, colours: list[RGB], relief: float, depth: float
) -> tuple[list[Layer], Skyline]:
    """Soft hills, one for each colour, the last one nearest; and the nearest one's skyline."""
    rng = easel.rng
    layers: list[Layer] = []
    skyline: Skyline = []
    room = easel.height - horizon
    for index, colour in enumerate(colours):
        part = index / max(1, len(colours))
        base = horizon + room * part * 0.85
        swing = relief * easel.height * (0.6 + 0.5 * part)
        waves = rng.uniform(1.2, 2.2) * easel.full / easel.height * 0.7
        skyline = [base - swing * (height - 0.35) for height in rolling(100, rng, waves)]
        plate = easel.band(skyline, depth + 0.5 * part)
        shade = darker(mix(colour, easel.palette.near, 0.25), 0.16)
        bright = mix(lighter(colour, 0.1), easel.palette.light, 0.28)
        ink = gradient(easel.full, plate.mask.height, [(0, bright), (0.16, colour), (0.7, shade), (1, shade)])
        plate.ink = _grained(easel, ink, colour)
        layers.append(plate)
        easel.checkpoint()
    return layers, skyline


def _grained(easel: Easel, ink: Image.Image, colour: RGB) -> Image.Image:
    """Faint long patches, so that a slope is not one flat colour."""
    if "minimal" in easel.scene.styles:
        return ink
    patches = noise(ink.width, ink.height, (4, 14), easel.rng, 4)
    ink.paste(darker(colour, 0.35), (0, 0), dimmed(patches, 0.22))
    return ink


def fir(stencil: Stencil, x: float, foot: float, tall: float, wide: float) -> None:
    """One conifer: a stack of drooping tiers."""
    stencil.box(x - wide * 0.06, foot - tall * 0.15, x + wide * 0.06, foot)
    for tier in range(6):
        part = tier / 6
        half = wide * 0.5 * (1 - part * 0.82)
        low = foot - tall * (0.08 + part * 0.76)
        high = low - tall * (0.4 - 0.2 * part)
        sag = tall * 0.025
        stencil.polygon(
            [
                (x, high),
                (x + half * 0.55, low - tall * 0.1),
                (x + half, low + sag),
                (x + half * 0.4, low - sag * 0.6),
                (x, low + sag * 0.4),
                (x - half * 0.4, low - sag * 0.6),
                (x - half, low + sag),
                (x - half * 0.55, low - tall * 0.1),
            ]
        )


def forest(easel: Easel, horizon: float, rows: int = 4, reach: float = 1.0) -> list[Layer]:
    """Rows of conifers, the far ones pale in the air between."""
    palette, rng = easel.palette, easel.rng
    layers: list[Layer] = []
    for row in range(rows):
        part = row / max(1, rows - 1)
        base = horizon + (easel.height - horizon) * part * 0.8 * reach
        tall = easel.unit * (11 + 27 * part**1.3) * (0.6 + 0.4 * reach)
        ground = [base - tall * 0.25 * (height - 0.5) for height in rolling(60, rng, 1.6)]
        top = int(min(ground) - tall * 1.35)
        stencil = Stencil(easel.full, max(8, easel.height - top))
        stencil.polygon([(0, easel.height), *outline(ground, easel.full, top), (easel.full, easel.height)])
        x = -tall * 0.2
        while x < easel.full + tall * 0.2:
            size = tall * rng.uniform(0.55, 1.2)
            foot = height_at(ground, easel, x - easel.bleed) - top + size * 0.14
            fir(stencil, x, foot, size, size * rng.uniform(0.34, 0.44))
            x += tall * rng.uniform(0.12, 0.34)
        mask = stencil.mask()
        colour = mix(
            mix(palette.far, palette.low, 0.25), mix(palette.near, palette.green, 0.22), 0.12 + 0.85 * part
        )
        foggy = 0.7 if "fog" in easel.scene.weather else 0.35
        pale = mix(colour, palette.low, foggy * (1 - part * 0.75))
        crown = min(1.0, tall * 1.7 / mask.height)
        ink = gradient(*mask.size, [(0, colour), (crown * 0.45, colour), (crown, pale), (1, pale)])
        layers.append(Plate(mask, ink, x=-easel.bleed, y=top, depth=0.2 + 0.6 * part * reach))
        easel.checkpoint()
    return layers


def dunes(easel: Easel, horizon: float) -> tuple[list[Layer], Skyline]:
    """Dunes with a lit and a shaded side, and the nearest one's crest."""
    palette, rng = easel.palette, easel.rng
    sand: RGB = mix((226, 170, 104), palette.low, 0.3)
    layers: list[Layer] = []
    skyline: Skyline = []
    for index in range(4):
        part = index / 3
        base = horizon + (easel.height - horizon) * (0.02 + 0.6 * part)
        swing = easel.height * (0.07 + 0.09 * part)
        skyline = [base - swing * (height - 0.3) for height in rolling(120, rng, 1.3 + 0.5 * (3 - index))]
        plate = easel.band(skyline, 0.15 + 0.55 * part)
        tall = plate.mask.height
        dusk = mix(mix(sand, palette.far, 0.55 * (1 - part)), palette.near, palette.gloom * 0.5)
        bright = mix(dusk, palette.light, 0.4)
        ink = gradient(easel.full, tall, [(0, bright), (0.5, dusk), (1, darker(dusk, 0.22))])
        shadow = _lee(easel, skyline, plate.y, tall)
        ink.paste(mix(darker(dusk, 0.36), palette.far, 0.22), (0, 0), dimmed(shadow, 0.8))
        plate.ink = ink
        layers.append(plate)
        easel.checkpoint()
    return layers, skyline


def _lee(easel: Easel, skyline: Skyline, top: float, tall: int) -> Image.Image:
    """The side of every dune that the light does not reach: crisp along its crest, fading into the trough."""
    points = outline(skyline, easel.full, top)
    stencil = Stencil(easel.full, tall)
    away = 1 if easel.light_x < 0.5 else -1
    for index in range(1, len(points) - 1):
        if not (points[index - 1][1] >= points[index][1] <= points[index + 1][1]):
            continue
        spot, peak = index, points[index]
        while 0 < spot + away < len(points) - 1 and points[spot + away][1] >= points[spot][1]:
            spot += away
        run = max(1, abs(spot - index))
        deep = (points[spot][1] - peak[1]) * 1.7 + easel.unit * 7
        for step in range(run):
            part = step / run
            x, y = points[index + away * step]
            after = points[index + away * (step + 1)]
            foot = [_crest(peak[1], deep, p) for p in (part, part + 1 / run)]
            value = round(255 * (1 - part) ** 0.8)
            stencil.polygon(
                [(x, y), after, (after[0] + away, max(after[1], foot[1])), (x, max(y, foot[0]))], value
            )
    return soften(stencil.mask(), easel.unit * 0.3)


def _crest(peak: float, deep: float, part: float) -> float:
    """How far down the shadow reaches `part` of the way from crest to trough: quickly at first."""
    return peak + deep * math.sqrt(min(1.0, part * 2.2))


def sill(easel: Easel, drop: float = 0.9, grassy: bool = True) -> tuple[list[Layer], Skyline]:
    """The dark ground at the viewer's feet, with blades of grass against the light."""
    palette, rng = easel.palette, easel.rng
    base = easel.height * drop
    skyline = [base - easel.height * 0.06 * (height - 0.5) for height in rolling(80, rng, 1.2)]
    top = int(min(skyline) - easel.unit * 7)
    stencil = Stencil(easel.full, max(8, easel.height - top))
    stencil.polygon([(0, easel.height), *outline(skyline, easel.full, top), (easel.full, easel.height)])
    if grassy:
        x = 0.0
        while x < easel.full:
            foot = height_at(skyline, easel, x - easel.bleed) - top + 2
            tall, lean = (
                easel.unit * rng.uniform(1.0, 4.4) * rng.uniform(0.4, 1),
                rng.uniform(-1.2, 1.2) * easel.unit,
            )
            half = easel.unit * 0.16
            stencil.polygon([(x - half, foot), (x + half, foot), (x + lean, foot - tall)])
            x += easel.unit * rng.uniform(0.12, 0.5)
    mask = stencil.mask()
    colour = mix(palette.near, palette.green, 0.18)
    ink = gradient(
        *mask.size, [(0, mix(colour, palette.light, 0.12)), (0.5, colour), (1, darker(colour, 0.3))]
    )
    return [Plate(mask, ink, x=-easel.bleed, y=top, depth=1.0)], skyline
