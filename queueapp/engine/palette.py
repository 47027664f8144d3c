"""Palettes: which colours light gives a landscape, and which a set of words gives a pattern."""

from dataclasses import dataclass, replace
from random import Random

from queueapp.engine.chance import lots
from queueapp.engine.colour import RGB, darker, hsl, lighter, luminance, mix, shifted, with_hue_of
from queueapp.engine.scene import Scene


@dataclass(frozen=True)
class Palette:
    """Colours of a place at an hour: the sky from top to horizon, the light, and the ground far and near."""

    top: RGB
    middle: RGB
    low: RGB
    light: RGB
    far: RGB
    near: RGB
    green: RGB
    gloom: float  # 0 in full light, 1 in the dark: how much things lose of their own colour

    @property
    def dark(self) -> bool:
        return luminance(self.top) < 0.3 and self.gloom > 0.5


_FIELDS = ("top", "middle", "low", "light", "far", "near", "green")


def _light(colours: str, gloom: float) -> Palette:
    """A palette from seven hexadecimal colours in the order of `_FIELDS`."""
    top, middle, low, light, far, near, green = (
        (int(text[:2], 16), int(text[2:4], 16), int(text[4:], 16)) for text in colours.split()
    )
    return Palette(top, middle, low, light, far, near, green, gloom)


_HOURS: dict[str, tuple[Palette, ...]] = {
    "dawn": (
        _light("3a548c c696b0 ffd6aa fff0ce 968aac 222c4e 4a5c5c", 0.38),
        _light("5c84b0 f0b8b0 ffe2b8 fff6dc ba9eb0 343656 5c6c5c", 0.32),
    ),
    "day": (
        _light("2c7ac8 7abcea e2f2f6 fffce8 96bace 1a4a54 548c50", 0.06),
        _light("1c68b0 62b0da d6eeec fffae0 80b0be 14424c 4a925c", 0.06),
    ),
    "golden": (
        _light("5e82a8 f0be78 ffe2a0 fff4ce cea074 482e26 7a923a", 0.2),
        _light("788ca0 f6b464 ffda8c fff0c4 d89662 4e3222 828e36", 0.2),
    ),
    "sunset": (
        _light("322864 d84e68 ffb45c ffe2a0 96466e 1c1230 3a2c3e", 0.5),
        _light("26366e e86e54 ffc66e ffe8aa a05864 22162c 3e3238", 0.48),
        _light("4e2668 ee5c60 ffa660 ffdca4 a4426a 241030 422a3c", 0.5),
    ),
    "dusk": (
        _light("141a48 5c4c92 ec969c ffd6be 584a88 10122c 263244", 0.58),
        _light("102454 4668a0 d6b0b8 fae0ce 4e6092 0c1630 203846", 0.56),
    ),
    "night": (
        _light("060a20 102452 305482 e2eaff 223c68 040816 10222c", 0.66),
        _light("0a0822 221e54 524c8a ece6ff 32326a 08071a 141e30", 0.66),
    ),
}

_STORM = _light("1a202a 4a5866 a4b0b2 e4ecf0 5c6a76 10161e 2c3c3a", 0.42)
_MIST = _light("96a4ae bec8cc dee2de fcfaf0 a8b6bc 283a42 546c60", 0.2)


def of_hour(scene: Scene, rng: Random) -> Palette:
    """The light of the scene's hour and weather, turned towards the colours its words ask for."""
    palette = rng.choice(_HOURS[scene.time])
    if "storm" in scene.weather:
        palette = _blend(palette, _STORM, 0.8)
    elif "rain" in scene.weather:
        palette = _blend(palette, _STORM, 0.3 if palette.dark else 0.6)
    elif "fog" in scene.weather and not palette.dark:
        palette = _blend(palette, _MIST, 0.75 if scene.time == "day" else 0.4)
    if "neon" in scene.styles:
        palette = replace(
            palette,
            top=(10, 6, 34),
            middle=(70, 18, 110),
            low=(236, 62, 150),
            far=(66, 30, 120),
            near=(10, 6, 30),
            light=(255, 170, 230),
            gloom=0.5,
        )
    if "snow" in scene.weather:
        palette = replace(
            palette,
            green=mix((216, 226, 238), palette.middle, 0.2 + palette.gloom * 0.55),
            far=mix(palette.far, palette.low, 0.2),
        )
    turned = _turned(palette, rng.uniform(-0.012, 0.012))
    return _coloured(turned, scene.colours)


def _map(palette: Palette, change: dict[str, RGB]) -> Palette:
    return replace(palette, **change)  # type: ignore[arg-type]


def _blend(a: Palette, b: Palette, share: float) -> Palette:
    mixed = {name: mix(getattr(a, name), getattr(b, name), share) for name in _FIELDS}
    return replace(_map(a, mixed), gloom=a.gloom + (b.gloom - a.gloom) * share)


def _turned(palette: Palette, hue: float) -> Palette:
    return _map(palette, {name: shifted(getattr(palette, name), hue) for name in _FIELDS})


def _coloured(palette: Palette, colours: tuple[RGB, ...]) -> Palette:
    """The first colour word tints air and ground, the second the light."""
    if not colours:
        return palette
    first, second = colours[0], colours[1] if len(colours) > 1 else None
    change = {
        name: with_hue_of(getattr(palette, name), first, share)
        for name, share in (("top", 0.7), ("middle", 0.6), ("far", 0.7), ("near", 0.6), ("green", 0.85))
    }
    change["low"] = with_hue_of(palette.low, second or first, 0.75 if second else 0.4)
    change["light"] = with_hue_of(palette.light, second or first, 0.6 if second else 0.25)
    if second:
        change["middle"] = mix(change["middle"], change["low"], 0.25)
    return _map(palette, change)


def of_words(scene: Scene) -> list[RGB]:
    """Five or more colours, darkest first, for patterns and abstract pictures: named or from the words."""
    named = list(scene.colours) + [thing.colour for thing in scene.things if thing.colour]
    if named:
        ramp = [variant for colour in named for variant in _variants(colour, len(named))]
    else:
        ramp = _harmony(lots("palette", " ".join(scene.prompt.lower().split())))
    if "pastel" in scene.styles:
        ramp = [mix(colour, (255, 246, 240), 0.5) for colour in ramp]
    if "neon" in scene.styles:
        ramp = [shifted(colour, 0, 1.5, 1.05) for colour in ramp] + [(12, 8, 36)]
    return sorted(ramp, key=luminance)


def _variants(colour: RGB, among: int) -> list[RGB]:
    if among == 1:
        return [
            darker(colour, 0.62),
            darker(colour, 0.3),
            colour,
            lighter(colour, 0.35),
            lighter(colour, 0.75),
        ]
    if luminance(colour) < 0.12 or luminance(colour) > 0.85:
        return [colour, mix(colour, (128, 128, 128), 0.12)]
    return [darker(colour, 0.45), colour, lighter(colour, 0.32)]


def _harmony(rng: Random) -> list[RGB]:
    """A palette around one hue with one or two partners: analogous, split or complementary."""
    hue = rng.random()
    partner = hue + rng.choice((0.08, 0.5, 0.42, 0.58, 0.33, -0.1))
    third = hue + rng.choice((0.05, -0.06, 0.12))
    return [
        hsl(hue, rng.uniform(0.45, 0.7), 0.13),
        hsl(third, rng.uniform(0.45, 0.7), 0.3),
        hsl(hue, rng.uniform(0.5, 0.75), 0.48),
        hsl(partner, rng.uniform(0.65, 0.9), 0.6),
        hsl(partner + 0.04, rng.uniform(0.6, 0.9), 0.74),
        hsl(hue + 0.03, rng.uniform(0.3, 0.5), 0.9),
    ]
