"""Build the layers of a scene: sky, light, clouds, ridges, water, towers, subjects and drops."""

from collections.abc import Callable, Sequence
from random import Random

from PIL import Image

from queueapp.engine import shapes
from queueapp.engine.layers import Reflection, Stencil
from queueapp.engine.palette import WHITE, choose, mix
from queueapp.engine.prompt import RGB, Scene
from queueapp.engine.shapes import Drawing, Size
from queueapp.engine.subjects import HEIGHTS, OWN_COLOURS, silhouette

#: Speed of what is right in front, in frame widths per second: a third of a frame in 15 s.
SPEED = 0.022
#: The sun's height by time of day: 0 at the top of the frame, 1 at the horizon.
SUN = {"dawn": 0.8, "day": 0.4, "golden": 0.62, "sunset": 0.86, "dusk": 0.9, "night": 0.36}
Checkpoint = Callable[[], None]
Shape = Callable[[float, float], float]
Crest = Callable[[float], float]
Fill = RGB | Image.Image


class Painter:
    """The layers of one scene on a background of `size` pixels; they move for `seconds`, 0 for an image.

    Lengths "in units" are shares of `unit`, a `share` is one of the frame's width, and speeds are in frame
    widths per second.
    """

    def __init__(
        self, scene: Scene, size: Size, seconds: float, random: Random, checkpoint: Checkpoint
    ) -> None:
        self.scene, self.seconds, self.random, self.checkpoint = scene, seconds, random, checkpoint
        self.size = self.width, self.height = size
        self.palette = choose(scene, random)
        self.unit = min((self.width * self.height) ** 0.5, min(size) * 1.2)
        self.horizon = round(self.height * random.uniform(0.58, 0.66))
        self.side = random.choice((-1, 1))
        self.sun_x = self.width * (0.5 - self.side * random.uniform(0.1, 0.22))
        self.is_dark = scene.time in ("night", "dusk") or "neon" in scene.moods
        self.background = Image.new("RGB", size)
        self.layers: list[Stencil | Reflection] = []

    def add(self, fill: Fill, mask: Image.Image, top: float, speed: float = 0, fall: float = 0) -> None:
        """Add a layer, cropped to the rows where its mask is not empty."""
        self.checkpoint()
        box = (0, 0, *mask.size) if fall else mask.getbbox()
        if box:
            image = Image.new("RGB", (self.width, mask.height), fill) if isinstance(fill, tuple) else fill
            image = image.crop((0, box[1], self.width, box[3]))
            scale = self.width if self.seconds else 0
            shown = mask.crop((0, box[1], mask.width, box[3]))
            self.layers.append(Stencil(image, shown, round(top) + box[1], speed * scale, fall * scale))

    def span(self, speed: float) -> int:
        """Return the width in pixels of a mask that moves at `speed`."""
        return self.width + round(abs(speed) * self.seconds * self.width)

    def sky(self, stops: Sequence[RGB], bottom: float) -> None:
        """Paint a gradient down to `bottom` in pixels and its last colour below."""
        self.background.paste(stops[-1], (0, 0, *self.size))
        self.background.paste(shapes.gradient((self.width, round(bottom)), stops))

    def sun(self, y: float, radius: float) -> None:
        """Light the sky and draw the sun, or the moon at night, unless the weather hides it."""
        wanted = self.scene.moods & {"sun", "moon"}
        radius *= self.unit * (1.5 if wanted else 1)
        self.light(self.sun_x, y, radius * 8, 0.7)
        if wanted or not self.scene.moods & {"rain", "fog", "aurora"}:
            is_moon = "moon" in wanted or self.scene.time == "night"
            self.disc(self.sun_x, y, radius, self.palette.light, is_moon)

    def light(self, x: float, y: float, radius: float, strength: float) -> None:
        """Let light shine around (x, y), as far as `radius` in pixels."""
        levels = [round(255 * strength * max(0, 1 - level / 180) ** 2.2) for level in range(256)]
        side, mask = round(radius * 2), Image.new("L", self.size)
        glow = Image.radial_gradient("L").point(levels).resize((side, side), Image.Resampling.BILINEAR)
        mask.paste(glow, (round(x - radius), round(y - radius)))
        self.add(self.palette.light, mask, 0)

    def disc(self, x: float, y: float, radius: float, colour: RGB, is_crescent: bool = False) -> None:
        """Draw a disc of `radius` in pixels."""
        drawing = Drawing(self.size)
        drawing.ellipse(x, y, radius, radius)
        if is_crescent:
            drawing.ellipse(x + radius * 0.42, y - radius * 0.2, radius * 0.9, radius * 0.9, 0)
        self.add(colour, drawing.mask(), 0)

    def clouds(
        self, colour: RGB, top: float, bottom: float, cells: Size, fades: Sequence[float], speed: float
    ) -> None:
        """Let clouds, fog or an aurora drift between two shares of the frame's height; see `shapes.noise`."""
        size = self.span(speed), round((bottom - top) * self.height)
        mask = shapes.noise(self.random, size, (cells[0] * size[0] // self.width, cells[1]), fades)
        self.add(colour, mask, top * self.height, speed)

    def ridge(self, row: Sequence[float], shape: Shape | None = None, fill: RGB | None = None) -> Crest:
        """Draw a ridge from a row of `places.RIDGES`; return where its crest is at a share, in pixels.

        `shape` turns a share and the ridge's height there (0..1) into another height.
        """
        depth, top, tallest, roughness, bumps, trees = row
        speed, tallest, margin = SPEED * depth, tallest * self.unit, trees * self.unit
        upper = round(self.horizon + top * (self.unit if top < 0 else self.height - self.horizon) - margin)
        width, height = self.span(speed), max(8, self.height - upper)
        heights = shapes.profile(self.random, width // 5, roughness, bumps * width / self.width)
        step, left = width / (len(heights) - 1), (width - self.width) / 2
        if shape:
            heights = [shape((n * step - left) / self.width, level) for n, level in enumerate(heights)]
        points = [(n * step, margin + tallest * (1 - level)) for n, level in enumerate(heights)]
        drawing, x = Drawing((width, height)), 0.0
        drawing.polygon([(-1, height), *points, (width + 1, height)])
        while margin and x < width:
            tall = margin * self.random.uniform(0.45, 1)
            shapes.conifer(drawing, x, points[int(x / step)][1] + tall * 0.06, tall)
            x += tall * self.random.uniform(0.16, 0.5)
        colour = fill or self.palette.at(depth)
        mist = mix(colour, self.palette.haze, 0.62 * (1 - depth) + 0.06)
        self.add(shapes.gradient((self.width, height), (colour, mist, mist)), drawing.mask(), upper, speed)
        return lambda share: upper + points[round((left + share * self.width) / step)][1]

    def water(self, mirror: float) -> None:
        """Fill the frame below the horizon with water that mirrors what is above, and glitters in the sun."""
        palette, height = self.palette, self.height - self.horizon
        deep = mix(palette.near, palette.upper, 0.42)
        stops = (mix(palette.horizon, palette.upper, 0.3), mix(palette.lower, deep, 0.55), deep)
        self.layers.append(Reflection(self.horizon, shapes.gradient((self.width, height), stops), mirror))
        width, drawing = self.span(0.012), Drawing((self.span(0.012), height))
        for _ in range(240):
            near = self.random.random() ** 1.5
            x = self.random.gauss((width - self.width) / 2 + self.sun_x, self.unit * (0.028 + 0.1 * near))
            length = self.unit * (0.012 + 0.06 * near) * self.random.uniform(0.4, 1)
            drawing.ellipse(x, near * height, length, max(0.4, length * 0.06), self.random.randint(50, 150))
        self.add(palette.light, drawing.mask(), self.horizon, 0.012)

    def towers(self, depth: float, rise: float, colour: RGB) -> None:
        """Draw a row of towers, up to a share `rise` of the frame's height, with lit windows."""
        speed, pitch = SPEED * depth, self.unit * (0.01 + 0.007 * depth)
        width, height = size = self.span(speed), round(self.height * rise)
        drawing, windows, x = Drawing(size), Drawing(size), 0.0
        while x < width:
            columns, top = self.random.randint(3, 8), height * (1 - self.random.triangular(0.25, 1, 0.45))
            right = x + (columns + 0.5) * pitch
            inset = (right - x) * self.random.choice((0, 0, 0.2, 0.3, 0.46))
            drawing.box(x, top, right, height)
            drawing.box(x + inset, top - inset, right - inset, top)
            for place in range(columns, columns * int((height - top) / pitch / 1.5)):
                left, upper = x + (place % columns + 0.5) * pitch, top + place // columns * pitch * 1.5
                if self.random.random() < (0.5 if self.is_dark else 0.15) * depth:
                    windows.box(
                        left, upper, left + pitch / 2, upper + pitch * 0.8, self.random.randint(90, 255)
                    )
            x = right + pitch * self.random.choice((0, 0.5, 1.5))
        self.add(self.palette.at(depth), drawing.mask(), self.horizon - height, speed)
        self.add(colour, windows.mask(), self.horizon - height, speed)

    def figure(self, name: str, share: float, foot: float, depth: float, height: float = 0) -> None:
        """Draw a subject with its foot at `foot` in pixels; it moves with what is at `depth`."""
        speed, tall = SPEED * depth, self.unit * (height or HEIGHTS.get(name, 0.2))
        size = self.span(speed), round(tall) + 2
        body, light = silhouette(name, tall, size, share * self.width + (size[0] - self.width) / 2)
        colour = self.scene.subjects.get(name) or OWN_COLOURS.get(name) or self.palette.at(depth + 0.12)
        bright = mix(colour, WHITE, 0.3) if name in ("tree", "blossom") else self.palette.light
        self.add(mix(colour, self.palette.near, 0.1), body, foot - size[1], speed)
        self.add(bright, light, foot - size[1], speed)
        if name == "lighthouse" and self.is_dark:
            self.light(share * self.width, foot - tall * 0.83, self.unit * 0.4, 0.9)

    def drops(self, colour: RGB, fall: float, count: int, radius: float, length: float = 0) -> None:
        """Scatter drops of a `radius` and `length` in units that move down at the speed `fall`."""
        drawing = Drawing(self.size)
        for _ in range(count):
            x, y = self.random.uniform(0, self.width), self.random.uniform(0, self.height)
            reach, level = self.random.uniform(0.5, 1.2) * self.unit, self.random.randint(80, 230)
            drawing.ellipse(
                x, y, reach * radius, reach * max(radius, length), level // 2 if length else level
            )
        self.add(colour, drawing.mask(), 0, 0 if length else fall * 0.3, fall)
