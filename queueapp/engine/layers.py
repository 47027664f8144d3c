"""Stack layers into frames: each layer is a fill seen through a mask that moves."""

from collections.abc import Sequence
from typing import NamedTuple

from PIL import Image, ImageChops


class Stencil(NamedTuple):
    """An image `fill` of the frame's width, seen through `mask` ("L") from `top` pixels downwards.

    The mask moves to the left at `speed` in pixels per second. With a `fall` in pixels per second it is as
    large as the frame and wraps around its edges; without, it is as wide as its movement needs.
    """

    fill: Image.Image
    mask: Image.Image
    top: int = 0
    speed: float = 0.0
    fall: float = 0.0

    def draw(self, frame: Image.Image, seconds: float) -> None:
        """Draw the layer onto `frame` as it is `seconds` after the start."""
        mask, width, height = self.mask, frame.width, self.mask.height
        if self.fall:
            mask = ImageChops.offset(mask, round(-self.speed * seconds), round(self.fall * seconds))
        elif self.speed:
            spare = mask.width - width
            left = min(max(0.0, self.speed * seconds + (spare if self.speed < 0 else 0)), spare)
            mask = mask.resize((width, height), Image.Resampling.BILINEAR, (left, 0, left + width, height))
        frame.paste(self.fill, (0, self.top), mask)


class Reflection(NamedTuple):
    """Water below `horizon` pixels: the frame above it mirrored with `strength` (0..1) over `tint`."""

    horizon: int
    tint: Image.Image
    strength: float

    def draw(self, frame: Image.Image, seconds: float) -> None:
        """Mirror what `frame` shows above the horizon."""
        height = min(self.tint.height, self.horizon)
        above = frame.crop((0, self.horizon - height, frame.width, self.horizon)).reduce((1, 4))
        flipped = above.transpose(Image.Transpose.FLIP_TOP_BOTTOM)
        mirrored = flipped.resize(self.tint.size, Image.Resampling.BILINEAR)
        frame.paste(Image.blend(self.tint, mirrored, self.strength), (0, self.horizon))


class Composition:
    """Layers on a background. Those below the first moving layer are drawn only once."""

    def __init__(self, background: Image.Image, layers: Sequence[Stencil | Reflection]) -> None:
        self.background, self.layers = background.copy(), list(layers)
        while self.layers and isinstance(base := self.layers[0], Stencil) and not (base.speed or base.fall):
            self.layers.pop(0).draw(self.background, 0.0)

    def frame(self, seconds: float) -> Image.Image:
        """Return the frame at `seconds` after the start."""
        frame = self.background.copy()
        for layer in self.layers:
            layer.draw(frame, seconds)
        return frame
