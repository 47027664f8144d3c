"""Choose the colours of a scene from its time of day, place, moods and named colours."""

from collections.abc import Iterable
from random import Random
from typing import NamedTuple

from queueapp.engine.prompt import RGB, Scene, from_hex

WHITE: RGB = (250, 248, 242)
BLACK: RGB = (14, 15, 24)


class Palette(NamedTuple):
    """The colours of the sky from the zenith to the horizon, of far and near ground, and of light."""

    zenith: RGB
    upper: RGB
    lower: RGB
    horizon: RGB
    haze: RGB
    near: RGB
    light: RGB

    def at(self, depth: float) -> RGB:
        """Return the colour of what stands at `depth`: 0 at the horizon, 1 right in front."""
        return mix(self.haze, self.near, 0.12 + 0.88 * depth)


#: By time of day, and for neon.
TIMES = {row.split()[0]: Palette(*map(from_hex, row.split()[1:])) for row in (
    "dawn 3d4f7c 8d86b0 efb3a4 ffdcb4 d9a6a6 262b48 fff0cf",
    "day 3d86bd 79b6d9 b9dde6 f3efdc a9cbd0 17454d fff9e3",
    "golden 6f8fa6 c9b48f f4c37c ffe3a8 dba873 43282b fff2c9",
    "sunset 2c2a5c 85407a e5634f ffb866 b2587a 1b1733 ffe3a1",
    "dusk 161b40 3b3f7a 84609a eba291 7a5f93 0f1329 ffe0c4",
    "night 060a1e 0e1a3c 1d315f 3d5a86 2f4a76 050915 f4efd8",
    "neon 0a0620 240b4d 6b1a7c f0468c 5a2a86 07051a 6ff3ff",
)}  # fmt: skip
#: By place, the haze and the near colour of the ground by day.
GROUND = {"desert": "e8b98a 7a3526", "hills": "b9d0a4 1f4a38", "forest": "b5d0bd 12382f"}


def mix(one: RGB, other: RGB, share: float) -> RGB:
    """Return `one` mixed with a `share` (0..1) of `other`."""
    red, green, blue = (round(a + (b - a) * share) for a, b in zip(one, other, strict=True))
    return red, green, blue


def choose(scene: Scene, random: Random) -> Palette:
    """Return the palette of `scene`; `random` varies it a little."""
    palette = TIMES["neon" if "neon" in scene.moods else scene.time]
    palette = _blend(palette, TIMES[random.choice(("dawn", "day", "dusk"))], random.uniform(0, 0.14))
    if scene.place in GROUND:
        haze, near = map(from_hex, GROUND[scene.place].split())
        share = 0.85 if scene.time == "day" else 0.3
        palette = _blend(palette, (*palette[:4], haze, near, palette.light), share)
    if "rain" in scene.moods and "neon" not in scene.moods:
        palette = _blend(palette, [(96, 104, 116)] * 7, 0.4)
    if scene.colours:
        palette = _blend(palette, _coloured(scene.colours[0], scene.colours[-1]), 0.8)
    if "snow" in scene.moods:
        haze, near = mix(palette.horizon, WHITE, 0.5), mix(palette.upper, WHITE, 0.85)
        palette = _blend(palette, (*palette[:4], haze, near, palette.light), 0.85)
    return _blend(palette, [WHITE] * 7, 0.25) if "pastel" in scene.moods else palette


def _blend(palette: Palette, other: Iterable[RGB], share: float) -> Palette:
    """Return the palette mixed with a `share` (0..1) of other colours."""
    return Palette(*(mix(colour, new, share) for colour, new in zip(palette, other, strict=True)))


def _coloured(first: RGB, last: RGB) -> tuple[RGB, ...]:
    """Return a palette's colours: the sky in the first colour that a prompt names, the ground in the last."""
    pale = mix(first, WHITE, 0.72)
    sky = (mix(first, BLACK, 0.45), first, mix(first, pale, 0.5), pale)
    return *sky, mix(last, pale, 0.45), mix(last, BLACK, 0.72), mix(last, WHITE, 0.6)
