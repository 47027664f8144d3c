"""A stage: the layers of one scene at one size, and its frame at any moment."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from random import Random

from PIL import Image

from queueapp.engine import palette as palettes
from queueapp.engine.chance import lots
from queueapp.engine.easel import Easel
from queueapp.engine.layers import Layer, Moment
from queueapp.engine.painters.abstract import abstract
from queueapp.engine.painters.finish import finish
from queueapp.engine.painters.landscape import landscape
from queueapp.engine.painters.pattern import pattern
from queueapp.engine.painters.space import space
from queueapp.engine.painters.things import place_in_space
from queueapp.engine.scene import read

Checkpoint = Callable[[], None]


@dataclass
class Stage:
    """Layers back to front, the finish that follows the camera, and how far the camera may travel."""

    width: int
    height: int
    layers: list[Layer]
    touches: list[Layer]
    bleed: int
    seconds: float
    side: int
    checkpoint: Checkpoint

    def frame(self, seconds: float) -> Image.Image:
        """The RGB picture `seconds` after the start; the same moment gives the same pixels."""
        canvas = Image.new("RGB", (self.width, self.height))
        moment = Moment(seconds, self._pan(seconds))
        for layer in self.layers:
            self.checkpoint()
            layer.paint(canvas, moment)
        canvas = self._zoomed(canvas, seconds)
        for layer in self.touches:
            self.checkpoint()
            layer.paint(canvas, moment)
        return canvas

    def _pan(self, seconds: float) -> float:
        if not self.bleed:
            return 0.0
        speed = min(self.width * 0.03, 1.9 * self.bleed / max(0.1, self.seconds))
        return self.side * speed * (seconds - self.seconds / 2)

    def _zoomed(self, canvas: Image.Image, seconds: float) -> Image.Image:
        """A slow push in, up to five hundredths."""
        if not self.bleed:
            return canvas
        part = min(1.0, max(0.0, seconds / max(0.1, self.seconds)))
        inset = 0.025 * (1 - math.cos(part * math.pi)) / 2
        across, down = self.width * inset, self.height * inset
        box = (across, down, self.width - across, self.height - down)
        return canvas.resize(canvas.size, Image.Resampling.BICUBIC, box=box)


def build(
    prompt: str, size: tuple[int, int], key: str, seconds: float | None, checkpoint: Checkpoint
) -> Stage:
    """The stage for `prompt`; `key` decides everything that chance decides. `seconds` is None for a still."""
    scene = read(prompt)
    rng = lots(key)
    bleed = round(size[0] * 0.06) if seconds else 0
    easel = Easel(*size, bleed, scene, palettes.of_hour(scene, rng), rng, checkpoint)
    checkpoint()
    layers = _composition(easel, rng)
    return Stage(
        *size,
        layers,
        finish(easel, still=seconds is None),
        bleed,
        seconds or 0.0,
        rng.choice((-1, 1)),
        checkpoint,
    )


def _composition(easel: Easel, rng: Random) -> list[Layer]:
    scene = easel.scene
    if "pattern" in scene.styles:
        easel.bleed = 0
        return pattern(easel)
    if "space" in scene.places:
        return [*space(easel), *place_in_space(easel)]
    if not scene.places:
        return abstract(easel)
    return landscape(easel)
