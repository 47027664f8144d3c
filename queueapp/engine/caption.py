"""Set a prompt as a caption in small, letterspaced capitals at the bottom left of a frame."""

import unicodedata
from collections.abc import Callable
from itertools import accumulate

from PIL import Image, ImageDraw, ImageFilter, ImageFont, ImageStat

from queueapp.engine.layers import Stencil
from queueapp.engine.palette import BLACK, WHITE

#: Characters that Pillow's own font has, and plain ones for some that it lacks.
KNOWN = frozenset(map(chr, range(32, 127))) | frozenset("©«»°±·‘’“”…")
PLAIN = str.maketrans("–—−×\n\t", "---x  ")
#: Characters of a prompt that can fit into a caption at most, so that long prompts cost no more.
MAX_CHARACTERS = 400


def caption(prompt: str, frame: Image.Image) -> list[Stencil]:
    """Return the layers of the caption for `frame`: none if the font has no character of the prompt."""
    size = max(9, round(min((frame.width * frame.height) ** 0.5, min(frame.size) * 1.2) * 0.0215))
    margin, font = round(size * 2.2), ImageFont.load_default(size)
    text = fitted(prompt, lambda character: font.getlength(character) + size * 0.16, frame.width - 2 * margin)
    if not text:
        return []
    mask = Image.new("L", (frame.width, size * 4))
    draw = ImageDraw.Draw(mask)
    for character, x in text:
        draw.text((margin + x, size * 1.8), character, 255, font, anchor="ls")
    top = frame.height - mask.height
    below = frame.crop((0, top, *frame.size)).convert("L")
    is_dark = ImageStat.Stat(below, mask.point(lambda level: 255 * (level > 0))).mean[0] < 140
    ink, shade = (Image.new("RGB", mask.size, colour) for colour in ((WHITE, BLACK)[:: 1 if is_dark else -1]))
    shadow = mask.filter(ImageFilter.GaussianBlur(size / 4)).point(lambda level: level * 0.7)
    return [Stencil(shade, shadow, top), Stencil(ink, mask, top)]


def fitted(prompt: str, advance: Callable[[str], float], width: float) -> list[tuple[str, float]]:
    """Return the prompt's characters and their places within `width` pixels, cut with an ellipsis to fit."""
    plain = unicodedata.normalize("NFKD", prompt[:MAX_CHARACTERS].translate(PLAIN)).upper()
    text = " ".join("".join(character for character in plain if character in KNOWN).split())
    ends = list(accumulate(map(advance, text)))
    if ends and (ends[-1] > width or len(prompt) > MAX_CHARACTERS):
        count = sum(end <= width - advance("…") for end in ends)
        text = text[:count].rstrip(" ,.;:-") + "…"
    return list(zip(text, [0.0, *ends], strict=False))
