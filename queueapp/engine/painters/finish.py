"""The last touches: bloom, vignette, grain, and the manners of painting."""

from collections.abc import Callable
from dataclasses import dataclass

from PIL import Image, ImageChops, ImageFilter, ImageOps

from queueapp.engine.brushes import Stencil, curve, noise, soften, speckle
from queueapp.engine.easel import Easel
from queueapp.engine.layers import Layer, Moment, Shade


@dataclass
class Bloom:
    """Bright parts shine over their edges."""

    strength: float
    floor: float
    radius: float

    def paint(self, canvas: Image.Image, moment: Moment) -> None:
        small = canvas.reduce(4)
        bright = small.point(
            [
                max(0, min(255, round((v / 255 - self.floor) * 255 / (1 - self.floor) * self.strength)))
                for v in range(256)
            ]
            * 3
        )
        soft = bright.filter(ImageFilter.GaussianBlur(max(1.0, self.radius / 4)))
        canvas.paste(ImageChops.screen(canvas, soft.resize(canvas.size, Image.Resampling.BICUBIC)), (0, 0))


@dataclass
class Filter:
    """The whole canvas through one function."""

    change: Callable[[Image.Image], Image.Image]

    def paint(self, canvas: Image.Image, moment: Moment) -> None:
        canvas.paste(self.change(canvas), (0, 0))


def finish(easel: Easel, still: bool) -> list[Layer]:
    """What is done to the whole picture at the end, by the scene's styles."""
    styles, layers = easel.scene.styles, list[Layer]()
    if not styles & {"minimal", "watercolor"}:
        floor, strength = (0.5, 0.75) if "neon" in styles else (0.72, 0.42)
        layers.append(Bloom(strength, floor, easel.unit * 3))
    layers += [Filter(_MANNERS[name]) for name in sorted(styles) if name in _MANNERS]
    if "watercolor" in styles:
        layers += _paper(easel)
    elif not styles & {"minimal", "pixel"}:
        layers.append(_vignette(easel))
    if still and not styles & {"minimal", "pixel"}:
        layers.append(_grain(easel))
    easel.checkpoint()
    return layers


def _vignette(easel: Easel) -> Layer:
    disc = Image.radial_gradient("L").resize((easel.width, easel.height), Image.Resampling.BICUBIC)
    shade = curve(disc, lambda value: 1 - 0.34 * max(0.0, value - 0.38) ** 1.5)
    return Shade(Image.merge("RGB", (shade, shade, shade)))


def _grain(easel: Easel) -> Layer:
    grains = speckle(easel.width, easel.height, easel.rng)
    fine = grains.point([round(128 + (value - 128) * 0.075) for value in range(256)])
    picture = Image.merge("RGB", (fine, fine, fine))
    return Filter(lambda canvas: ImageChops.overlay(canvas, picture))


def _paper(easel: Easel) -> list[Layer]:
    """White rims where the wash ends, and the tooth of the paper."""
    width, height = easel.width, easel.height
    rim = noise(width, height, (7, 7), easel.rng, 5)
    frame = Stencil(width, height, 1)
    edge = easel.unit * 5
    frame.box(edge, edge, width - edge, height - edge)
    inside = soften(frame.mask(), edge * 0.7)
    ragged = ImageChops.add(
        inside, rim.point([round((value - 128) * 0.7 + 128) for value in range(256)]), 1, -128
    )
    outside = curve(ragged, lambda value: 1 - (value - 0.36) * 9)
    easel.checkpoint()
    tooth = speckle(width, height, easel.rng).filter(ImageFilter.GaussianBlur(1.2))
    fibre = curve(tooth, lambda value: 0.95 + (value - 0.5) * 0.2)
    easel.checkpoint()
    wash = curve(noise(width, height, (5, 5), easel.rng, 5), lambda value: (value - 0.3) * 0.5)
    white = (250, 247, 240)

    def change(canvas: Image.Image) -> Image.Image:
        canvas.paste(white, (0, 0, width, height), wash)
        canvas.paste(white, (0, 0, width, height), outside)
        return canvas.copy()

    return [Filter(change), Shade(Image.merge("RGB", (fibre, fibre, fibre)))]


def _pixels(canvas: Image.Image) -> Image.Image:
    step = max(3, round(max(canvas.size) / 128))
    small = canvas.resize((max(1, canvas.width // step), max(1, canvas.height // step)), Image.Resampling.BOX)
    few = small.quantize(28, method=Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE).convert("RGB")
    return few.resize(canvas.size, Image.Resampling.NEAREST)


def _watercolour(canvas: Image.Image) -> Image.Image:
    small = canvas.reduce(2).filter(ImageFilter.MedianFilter(3))
    washed = small.resize(canvas.size, Image.Resampling.BICUBIC)
    edges = ImageOps.invert(small.convert("L").filter(ImageFilter.FIND_EDGES))
    edges = edges.resize(canvas.size, Image.Resampling.BILINEAR)
    edges = curve(edges, lambda value: 0.5 + value * 0.5)
    pale = Image.blend(washed, Image.new("RGB", canvas.size, (255, 250, 240)), 0.2)
    return ImageChops.multiply(pale, Image.merge("RGB", (edges, edges, edges)))


def _oil(canvas: Image.Image) -> Image.Image:
    small = (
        canvas.reduce(2)
        .filter(ImageFilter.MedianFilter(3))
        .quantize(72, method=Image.Quantize.FASTOCTREE, dither=Image.Dither.NONE)
    )
    return (
        small.convert("RGB")
        .filter(ImageFilter.SMOOTH)
        .resize(canvas.size, Image.Resampling.BICUBIC)
        .filter(ImageFilter.UnsharpMask(2, 120, 2))
    )


def _mono(canvas: Image.Image) -> Image.Image:
    grey = ImageOps.autocontrast(canvas.convert("L"), cutoff=0.5)
    return ImageOps.colorize(grey, (14, 15, 18), (250, 248, 244), mid=(122, 122, 124))


def _vintage(canvas: Image.Image) -> Image.Image:
    toned = ImageOps.colorize(canvas.convert("L"), (46, 28, 30), (255, 240, 208), mid=(176, 128, 96))
    return Image.blend(canvas, toned, 0.62)


def _pastel(canvas: Image.Image) -> Image.Image:
    return Image.blend(canvas, Image.new("RGB", canvas.size, (255, 240, 240)), 0.16)


_MANNERS: dict[str, Callable[[Image.Image], Image.Image]] = {
    "pixel": _pixels,
    "watercolor": _watercolour,
    "oil": _oil,
    "mono": _mono,
    "vintage": _vintage,
    "pastel": _pastel,
}
