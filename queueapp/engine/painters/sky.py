"""The sky: its gradient, sun and moon with their glow, clouds, stars, aurora, rainbow."""

import math
from functools import partial

from PIL import Image, ImageChops

from queueapp.engine.brushes import Stencil, curve, dimmed, doubled, fade, glow, gradient, noise, soften
from queueapp.engine.colour import RGB, WHITE, lighter, mix
from queueapp.engine.easel import Easel
from queueapp.engine.layers import Backdrop, Layer, Plate, Twinkle


def sky(easel: Easel, horizon: float) -> list[Layer]:
    """Everything above `horizon` (canvas y), and a backdrop for all below it."""
    palette, scene = easel.palette, easel.scene
    reach = max(horizon, easel.height * 0.4) / easel.height
    # Over a city the light begins higher up, where its roofs end.
    start, end = (0.42, 0.74) if "city" in scene.places else (0.62, 0.97)
    stops = [
        (0.0, palette.top),
        (reach * start, palette.middle),
        (reach * end, palette.low),
        (1.0, palette.low),
    ]
    backdrop = gradient(easel.width, easel.height, stops)
    layers: list[Layer] = [Backdrop(backdrop)]
    easel.checkpoint()
    veiled = scene.weather & {"storm", "rain", "fog"}
    if (scene.time in ("night", "dusk") or scene.has("stars")) and not veiled:
        layers += stars(easel, horizon, 1.0 if scene.time == "night" else 0.45)
    if "aurora" in scene.weather:
        layers += aurora(easel, horizon)
    layers += _sun_or_moon(easel, backdrop, horizon)
    easel.checkpoint()
    if "rainbow" in scene.weather:
        layers.append(_rainbow(easel, horizon))
    if "minimal" not in scene.styles and "clear" not in scene.weather:
        layers += clouds(easel, horizon)
    return layers


def stars(easel: Easel, horizon: float, amount: float = 1.0) -> list[Layer]:
    """Many faint stars, a few bright ones with a halo, in three groups that twinkle apart."""
    rng, unit = easel.rng, easel.unit
    count = int(easel.width * horizon / (unit * unit) / 26 * amount)
    masks = []
    tall = max(8, round(horizon))
    veil = fade(easel.full, tall, [(0, 1), (0.6, 0.9), (1, 0)])
    for _ in range(3):
        stencil = Stencil(easel.full, tall)
        for _ in range(count // 3):
            x, y = rng.uniform(0, easel.full), rng.uniform(0, tall)
            size = unit * 0.07 + unit * 0.16 * rng.random() ** 5
            size = max(0.45, size)
            stencil.oval(x - size, y - size, x + size, y + size, rng.randint(90, 255))
        mask = stencil.mask()
        halo = soften(mask, max(1.0, unit * 0.28))
        mask = ImageChops.lighter(mask, curve(halo, lambda value: value * 1.6))
        masks.append(ImageChops.multiply(mask, veil))
        easel.checkpoint()
    return [Twinkle(masks, (244, 246, 255), (2.3, 3.1, 4.3), depth=0.04, floor=0.4, x=-easel.bleed)]


def _sun_or_moon(easel: Easel, backdrop: Image.Image, horizon: float) -> list[Layer]:
    scene, palette, unit = easel.scene, easel.palette, easel.unit
    moon, sun = scene.thing("moon"), scene.thing("sun")
    night = scene.time == "night" or moon is not None
    hidden = scene.weather & {"storm", "rain"} or (scene.time == "day" and not sun and not moon)
    x = easel.light_x * easel.width
    height = {"dawn": 0.8, "sunset": 0.86, "golden": 0.66, "dusk": 0.92, "day": 0.3, "night": 0.3}
    y = horizon * height[scene.time] if not moon else horizon * 0.34
    body = moon if moon else sun
    radius = unit * 5.6 * (body.size**1.3 if body else 1.0)
    if body and body.size > 1.4:
        y = max(y, horizon * 0.5)
    # One wide and one close glow are painted into the sky itself: they never move against it.
    for reach, strength in ((unit * 78, 0.5), (unit * 30 + radius, 0.62)):
        halo = dimmed(glow(reach, 2.2), strength * (0.45 if night or hidden else 1.0))
        backdrop.paste(palette.light, (round(x - reach), round(y - reach)), halo)
    if hidden or (not body and (scene.time == "dusk" or "aurora" in scene.weather)):
        return []
    colour = body.colour if body and body.colour else None
    if night:
        return [moon_disc(easel, x, y, radius, colour or (240, 238, 228))]
    return [_disc(easel, x, y, radius, colour or lighter(palette.light, 0.45))]


def _disc(easel: Easel, x: float, y: float, radius: float, colour: RGB) -> Plate:
    size = math.ceil(radius * 2) + 4
    stencil = Stencil(size, size, 4)
    stencil.oval(2, 2, size - 2, size - 2)
    mask = stencil.mask()
    return Plate(mask, colour, x=round(x - size / 2), y=round(y - size / 2), depth=0.05)


def moon_disc(easel: Easel, x: float, y: float, radius: float, colour: RGB) -> Plate:
    """A full moon with seas and a soft terminator."""
    plate = _disc(easel, x, y, radius, colour)
    size = plate.mask.width
    face = Image.new("RGB", (size, size), colour)
    seas = curve(noise(size, size, (3, 3), easel.rng, 4), lambda value: (value - 0.46) * 2.2)
    face.paste(mix(colour, easel.palette.middle, 0.34), (0, 0), dimmed(seas, 0.62))
    shadow = curve(glow(radius * 1.5, 1.0), lambda value: 1 - value * 2.4)
    offset = round(size / 2 - radius * 1.5 - radius * 0.28)
    shade = Image.new("L", (size, size), 255)
    shade.paste(shadow, (offset, offset))
    face.paste(mix(colour, easel.palette.top, 0.55), (0, 0), dimmed(shade, 0.7))
    plate.ink = face
    return plate


def clouds(easel: Easel, horizon: float) -> list[Layer]:
    """Drifting banks of cloud, lit from below at the edges of the day."""
    palette, scene, rng = easel.palette, easel.scene, easel.rng
    heavy = bool(scene.weather & {"storm", "rain"})
    if heavy:
        lit, dark, low = mix(palette.low, palette.middle, 0.35), mix(palette.top, palette.near, 0.35), 0.3
    else:
        share = 0.75 if scene.time == "day" else 0.3
        lit = mix(mix(palette.low, palette.light, 0.5), WHITE, share)
        dark = mix(palette.middle, palette.low if scene.time == "day" else palette.top, 0.35)
        low = 0.5 if "clouds" in scene.weather or "sky" in scene.places else 0.6
    strength = (
        0.5
        if "neon" in scene.styles
        else 0.95
        if heavy
        else {"night": 0.3, "dusk": 0.6}.get(scene.time, 0.85)
    )
    layers: list[Layer] = []
    tall = max(16, round(horizon * 0.96))
    for bank in range(2):
        period = easel.width + 2 * easel.bleed
        cells = (rng.uniform(2.4, 3.4) + bank, rng.uniform(3.6, 5) + bank * 2)
        cells = (max(2.0, cells[0] * easel.width / (easel.unit * 120)), cells[1])
        shape = noise(period, tall, cells, rng, 5)
        cover = low + 0.06 * bank
        mask = curve(shape, partial(_thickness, cover=cover))
        mask = ImageChops.multiply(mask, fade(period, tall, [(0, 0.7), (0.5, 1), (0.85, 0.6), (1, 0)]))
        ink = _cloud_ink(shape, lit, dark, cover, scene.time)
        wide = doubled(dimmed(mask, strength), easel.width)
        inks = doubled(ink, easel.width)
        speed = easel.unit * (0.9 + bank * 0.7) * (2.4 if heavy else 1.0)
        layers.append(Plate(wide, inks, y=0, drift=speed, depth=0.06 + 0.05 * bank, period=period))
        easel.checkpoint()
    return layers


def _thickness(value: float, cover: float) -> float:
    """How dense a cloud is where its noise is `value`: nothing below `cover`."""
    return math.sqrt(value - cover) * (value - cover) ** 0.4 * 3.0 if value > cover else 0.0


def _cloud_ink(shape: Image.Image, lit: RGB, dark: RGB, cover: float, time: str) -> Image.Image:
    """Thick parts of a cloud are shaded, thin parts and rims take the light."""
    body = curve(shape, lambda value: (value - cover - 0.05) * 3.0)
    lift = round(shape.height * 0.03) * (-1 if time == "day" else 1)
    shifted = ImageChops.offset(shape, 0, lift)
    rim = ImageChops.subtract(shifted, shape, 0.25, 0)
    ink = Image.new("RGB", shape.size, lit)
    ink.paste(dark, (0, 0), dimmed(body, 0.8))
    ink.paste(lighter(lit, 0.35), (0, 0), dimmed(soften(rim, 2), 0.7))
    return ink


def aurora(easel: Easel, horizon: float) -> list[Layer]:
    """Curtains of green and violet light that wander."""
    rng, layers = easel.rng, []
    inks = ((72, 236, 160), (96, 220, 214), (168, 110, 236))
    tall = max(16, round(horizon * 0.95))
    for index, ink in enumerate(inks):
        curtain = _curtain(easel, tall, index)
        body = gradient(
            *curtain.size, [(0, mix(ink, (176, 96, 236), 0.7)), (0.55, ink), (1, lighter(ink, 0.25))]
        )
        layers.append(
            Plate(
                curtain,
                body,
                x=-easel.bleed - easel.width * 0.1,
                depth=0.06 + 0.04 * index,
                drift=easel.unit * rng.uniform(0.5, 1.2) * rng.choice((-1, 1)),
                bob=easel.unit * 0.9,
                pace=5.0 + index,
            )
        )
        easel.checkpoint()
    return list(layers)


def _curtain(easel: Easel, tall: int, index: int) -> Image.Image:
    rng = easel.rng
    width = round(easel.full + easel.width * 0.2)
    levels = noise(width, 2, (26, 2), rng, 4).resize((width, 1)).tobytes()
    step = max(2, round(easel.unit * 0.7))
    mask = Image.new("L", (width, tall), 0)
    base = rng.uniform(0.5, 0.66) + index * 0.08
    waves = [(rng.uniform(0.8, 3.2), rng.uniform(0, math.tau), rng.uniform(0.05, 0.12)) for _ in range(3)]
    profile = fade(step, 256, [(0, 0), (0.5, 0.28), (0.88, 0.95), (0.95, 0.8), (1, 0)])
    for x in range(0, width, step):
        bend = sum(weight * math.sin(math.tau * n * x / width + phase) for n, phase, weight in waves)
        foot = tall * (base + bend)
        high = tall * rng.uniform(0.5, 0.6)
        value = levels[min(width - 1, x)] / 255
        strip = dimmed(profile.resize((step, max(2, round(high)))), min(1.0, 1.5 * value**1.2))
        mask.paste(strip, (x, round(foot - high)))
    return dimmed(soften(mask, easel.unit * 0.8), 0.95 - 0.18 * index)


def _rainbow(easel: Easel, horizon: float) -> Plate:
    size = round(easel.width * 1.1)
    bands = ((150, 90, 220), (80, 130, 235), (80, 200, 140), (245, 225, 90), (245, 150, 60), (235, 80, 80))
    ink = Image.new("RGB", (size, size), bands[0])
    mask = Stencil(size, size, 1)
    outer, thick = size / 2, easel.unit * 1.1
    for index, band in enumerate(reversed(bands)):
        ring = Stencil(size, size, 1)
        edge = index * thick
        ring.oval(edge, edge, size - edge, size - edge)
        ink.paste(band, (0, 0), ring.mask())
    mask.oval(0, 0, size, size, 120)
    inner = len(bands) * thick
    mask.oval(inner, inner, size - inner, size - inner, 0)
    return Plate(
        soften(mask.mask(), thick * 0.5), soften(ink, thick * 0.4),
        x=easel.width * (1 - easel.light_x) - outer, y=horizon - outer * 0.95, depth=0.08,
    )  # fmt: skip
