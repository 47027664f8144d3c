"""Compose scenes: a landscape or design by the place that a prompt names, with weather and caption."""

import math
from random import Random

from PIL import Image, ImageFilter, ImageOps

from queueapp.engine.caption import caption
from queueapp.engine.layers import Composition
from queueapp.engine.painter import SUN, Checkpoint, Painter
from queueapp.engine.palette import BLACK, WHITE, mix
from queueapp.engine.prompt import RGB, read
from queueapp.engine.shapes import Drawing, Size
from queueapp.engine.subjects import AIRBORNE, OWN_COLOURS

#: The ridges of each place from far to near, with water before the last, where subjects stand: depth (0..1),
#: top (in units above the horizon if negative, or else a share of the ground), height in units, roughness
#: (0..1), number of summits and height of trees in units.
RIDGES = {
    "mountains": "0.08 -0.3 0.3 0.52 2.2 0, 0.26 -0.14 0.22 0.5 2.6 0, 0.5 0.05 0.16 0.46 2 0.03,"
    "0.74 0.33 0.12 0.42 2 0.06, 1 0.6 0.12 0.3 1.2 0",
    "hills": "0.1 -0.1 0.12 0.4 2 0, 0.32 0 0.1 0.2 1.6 0.02, 0.56 0.2 0.14 0.2 1 0, 0.85 0.5 0.14 0.2 1 0",
    "forest": "0.05 -0.22 0.1 0.45 2 0.1, 0.28 -0.08 0.1 0.45 2 0.14, 0.52 0.15 0.1 0.45 2 0.17,"
    "0.75 0.45 0.1 0.45 2 0.2, 0.98 0.8 0.1 0.45 2 0.24",
    "desert": "0.15 -0.24 0.3 0.3 3.4 0, 0.36 -0.14 0.28 0.3 3 0, 0.55 0.15 0.07 0.2 1.5 0,"
    "0.75 0.35 0.1 0.2 1.2 0, 0.95 0.6 0.12 0.16 1 0",
    "lake": "0.1 -0.3 0.24 0.52 2 0, 0.3 -0.15 0.14 0.5 2 0, 0.5 -0.06 0.05 0.4 2 0.04, 1 0.7 0.1 0.4 2 0",
    "sea": "0.06 -0.05 0.12 0.5 1.4 0, 0.8 -0.02 0.6 0.5 6 0",
    "city": "1 0.8 0.02 0.2 1 0", "space": "1 0.75 0.12 0.45 2 0",
}  # fmt: skip
#: Nebulas in space, at most one for each colour that the prompt names, and their colours if it names none.
MAX_NEBULAS = 6
NEBULAS: tuple[RGB, ...] = ((60, 84, 150), (128, 62, 160), (206, 92, 130))


def compose(
    prompt: str, size: Size, seconds: float, random: Random, checkpoint: Checkpoint, base: Image.Image | None
) -> Composition:
    """Return the captioned scene of `prompt`; a `base` image of that `size` replaces its place."""
    painter = Painter(read(prompt, random), size, seconds, random, checkpoint)
    designs = {"abstract": _abstract, "pattern": _pattern, "emblem": _emblem}
    _repaint(painter, base) if base else designs.get(painter.scene.place, _landscape)(painter)
    _weather(painter)
    composition = Composition(painter.background, painter.layers)
    composition.layers += caption(prompt, composition.frame(0))
    return composition


def _landscape(painter: Painter) -> None:
    """Paint the sky, the ridges with water or mist between them, and the subjects."""
    place, side, names = painter.scene.place, painter.side, painter.scene.subjects
    _sky(painter)
    for index, name in enumerate(name for name in AIRBORNE if name in names):
        painter.figure(name, 0.5 + side * (0.2 - 0.34 * index), painter.horizon * 0.64, 0.9)
    *rows, last = [[float(number) for number in row.split()] for row in RIDGES[place].split(",")]
    for index, row in enumerate(rows):
        painter.ridge(row, _mesa if place == "desert" and index < 2 else None)
        if index in (1, 3) and place in ("forest", "mountains", "lake"):
            _fog(painter, 0.3 + 0.1 * index, 0.66 + 0.1 * index, 0.5)
    for depth, rise, light in ((0.1, 0.5, 6), (0.4, 0.42, 6), (0.75, 0.34, 3)) if place == "city" else ():
        painter.towers(depth, rise, painter.palette[light])
    if place in ("sea", "lake", "city"):
        painter.water(0.45 if place == "sea" else 0.68)
    if "boat" in names:
        painter.figure("boat", 0.5 - side * 0.12, painter.horizon + painter.unit * 0.06, 0.5)

    def headland(share: float, height: float) -> float:
        inland = max(0.0, min(1.0, (share - 0.5) * side / 0.3 + 0.4))
        return inland * inland * (3 - 2 * inland) * (0.9 + 0.1 * height)

    crest = painter.ridge(last, headland if place == "sea" else None)
    for index, name in enumerate(name for name in names if name not in (*AIRBORNE, "boat")):
        share = 0.5 + side * ((0.31 if place == "sea" else 0.18) - 0.2 * index)
        if 0 < share < 1:
            painter.figure(name, share, crest(share) + painter.unit * 0.012, last[0])


def _mesa(share: float, height: float) -> float:
    """Cut a ridge into terraces."""
    step, rest = divmod(height * 2.999, 1)
    return min(2.0, step + max(0.0, rest * 6 - 5)) / 2


def _sky(painter: Painter) -> None:
    """Paint the sky with sun or moon, stars and clouds."""
    scene, palette = painter.scene, painter.palette
    painter.horizon = round(painter.height * 0.74) if scene.place == "city" else painter.horizon
    painter.sky(palette[:4], painter.height if scene.place in ("forest", "space") else painter.horizon)
    # A layer takes memory, so a prompt that names a colour a thousand times gets no more layers than others.
    nebulas = list(dict.fromkeys(scene.colours))[:MAX_NEBULAS] or NEBULAS
    for colour in nebulas if scene.place == "space" else ():
        painter.clouds(colour, 0, 1, (6, 5), (0.6, 0.8), 0.012)
    if scene.time == "night" or scene.place == "space":
        painter.drops(palette.light, 0, 250, 0.0014)
    y = painter.horizon * (SUN[scene.time] + painter.random.uniform(-0.05, 0.05))
    painter.sun(y, 0.1 if scene.place == "desert" else 0.07)
    if "aurora" in scene.moods:
        for colour, speed in (((94, 240, 170), 0.03), ((150, 110, 235), -0.03)):
            painter.clouds(colour, 0, 0.55, (30, 2), (0, 0.4, 0.9, 0), speed)
    elif "fog" not in scene.moods and scene.place != "space":
        painter.clouds(mix(palette.horizon, palette.light, 0.4), 0, 0.6, (5, 16), (1, 0.7, 0.2, 0), 0.012)


def _fog(painter: Painter, top: float, bottom: float, strength: float) -> None:
    """Let a bank of fog drift between two shares of the frame's height."""
    colour = mix(painter.palette.haze, WHITE, 0.1 if painter.is_dark else 0.35)
    painter.clouds(colour, top, bottom, (6, 7), (0, 0.8 * strength, strength, 0.6 * strength, 0), 0.02)


def _weather(painter: Painter) -> None:
    """Add fog, rain, snow or petals in front of everything."""
    moods = painter.scene.moods
    if moods & {"fog", "rain"}:
        _fog(painter, 0.25, 1, 1 if "fog" in moods else 0.5)
    if "rain" in moods:
        painter.drops(WHITE, 0.7, 170, 0.0006, 0.012)
        painter.drops(WHITE, 1.1, 120, 0.0008, 0.024)
    if "snow" in moods or "blossom" in painter.scene.subjects:
        colour = WHITE if "snow" in moods else OWN_COLOURS["blossom"]
        painter.drops(colour, 0.06, 150, 0.0022)
        painter.drops(colour, 0.11, 60, 0.0042)


def _abstract(painter: Painter) -> None:
    """Let bands from light to dark flow across the frame."""
    zenith, upper, lower, horizon, _, near, _ = painter.palette
    painter.sky((upper, lower, horizon), painter.height)
    painter.sun(painter.height * 0.26, 0.12)
    for index, name in enumerate(painter.scene.subjects):
        painter.figure(name, 0.5 + painter.side * (0.24 - 0.24 * index), painter.height * 0.3, 0.8)
    painter.horizon = round(painter.height * 0.2)
    stops = (horizon, lower, mix(lower, upper, 0.5), upper, mix(upper, zenith, 0.5), zenith, near)
    for index, colour in enumerate(stops):
        painter.ridge((0.4 + index / 10, 0.135 * index, 0.26, 0.16, 1.2, 0), fill=colour)


def _pattern(painter: Painter) -> None:
    """Lay tiles of quarters in the colours of the prompt, under dots that move."""
    random, side = painter.random, painter.unit / painter.random.choice((4, 5, 6))
    named = painter.scene.colours or painter.palette[:6]
    colours = [mix(colour, *shade) for colour in named for shade in ((WHITE, 0), (WHITE, 0.3), (BLACK, 0.35))]
    tiles, rows = Drawing(painter.size, "RGB"), int(painter.height / side) + 1
    for place in range(rows * (int(painter.width / side) + 1)):
        x, y, turn = place // rows * side, place % rows * side, random.randrange(4)
        across, down = x + side * (turn in (1, 2)), y + side * (turn > 1)
        angles = [(turn + step / 15) * math.pi / 2 for step in range(16)]
        arc = [(across + side * math.cos(angle), down + side * math.sin(angle)) for angle in angles]
        square, quarter = random.sample(colours, 2)
        tiles.box(x, y, x + side, y + side, square)
        tiles.polygon([(across, down), *arc], quarter)
    painter.background.paste(tiles.mask())
    for colour, speed in zip(random.sample(colours, 3), (0.05, -0.04, 0.03), strict=True):
        dots = Drawing((painter.span(speed), painter.height))
        for place in range(0, rows * (int(painter.span(speed) / side) + 1), random.choice((3, 4, 5))):
            x, y, radius = place // rows * side, place % rows * side, side * random.choice((0.14, 0.3))
            dots.ellipse(x + side / 2, y + side / 2, radius, radius)
        painter.add(colour, dots.mask(), 0, speed)


def _emblem(painter: Painter) -> None:
    """Put a subject into a round badge."""
    x, y, radius, palette = painter.width / 2, painter.height * 0.46, painter.unit * 0.32, painter.palette
    painter.sky((mix(palette.horizon, WHITE, 0.4), mix(palette.horizon, WHITE, 0.2)), painter.height)
    for share, colour in ((1, 5), (0.955, 3), (0.93, 5), (0.88, 2)):
        painter.disc(x, y, radius * share, palette[colour])
    painter.figure(next(iter(painter.scene.subjects), "pine"), 0.5, y + radius * 0.52, 1, 0.34)


def _repaint(painter: Painter, image: Image.Image) -> None:
    """Make an image of the frame's size the background, in broad strokes and in the palette's colours."""
    palette = painter.palette
    broad = image.reduce(4).filter(ImageFilter.MedianFilter(3)).resize(image.size, Image.Resampling.BICUBIC)
    painted = Image.blend(broad, image, 0.35)
    grey, middle = ImageOps.autocontrast(painted.convert("L"), 1), mix(palette.upper, palette.lower, 0.7)
    toned = ImageOps.colorize(grey, mix(palette.near, BLACK, 0.3), palette.light, middle)
    painter.background.paste(Image.blend(painted, toned, 0.7))
    painter.light(painter.sun_x, painter.height * 0.15, painter.unit * 0.8, 0.5)
