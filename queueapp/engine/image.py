"""Render `sketch-image`: one frame of a scene, saved as PNG, JPEG or WebP."""

from collections.abc import Mapping
from pathlib import Path
from random import Random

from PIL import Image, ImageChops, ImageOps, features

from queueapp.builtin_models import ASPECTS, FORMATS
from queueapp.engine.painter import Checkpoint
from queueapp.engine.places import compose
from queueapp.engine.rendering import Rendering, Unrenderable

#: Pixels of an image's longer side.
LONG_EDGE = 1024
#: Pillow's decoders that may open an input. Others are risky: the one for EPS starts Ghostscript.
INPUT_FORMATS = ("PNG", "JPEG", "WEBP", "GIF", *(("AVIF",) if features.check("avif") else ()))
SAVE_OPTIONS = {"PNG": {"compress_level": 2}, "JPEG": {"quality": 92}, "WEBP": {"quality": 90, "method": 1}}


def size_for(aspect_ratio: object, long_edge: int, max_pixels: float = float("inf")) -> tuple[int, int]:
    """Return an even width and height in pixels, the longer one `long_edge` or as `max_pixels` allows."""
    if not isinstance(aspect_ratio, str) or aspect_ratio not in ASPECTS:
        raise Unrenderable(f"aspect_ratio must be one of {', '.join(ASPECTS)}")
    across, down = ASPECTS[aspect_ratio]
    scale = min(long_edge / max(across, down), (max_pixels / (across * down)) ** 0.5)
    return round(across * scale / 2) * 2, round(down * scale / 2) * 2


def render_image(
    params: Mapping[str, object], key: str, folder: Path, checkpoint: Checkpoint, base: Path | None
) -> Rendering:
    """Render `params` into `folder` and return the result. `key` and the prompt seed all randomness."""
    prompt, name = params.get("prompt"), params.get("output_format", "png")
    if not isinstance(prompt, str):
        raise Unrenderable("prompt is missing")
    if not isinstance(name, str) or name not in FORMATS:
        raise Unrenderable(f"output_format must be one of {', '.join(FORMATS)}")
    size = size_for(params.get("aspect_ratio", "1:1"), LONG_EDGE)
    random = Random(f"{key}\x1f{prompt!a}")  # noqa: S311
    composition = compose(prompt, size, 0, random, checkpoint, _opened(base, size) if base else None)
    image = _with_grain(composition.frame(0), random)
    checkpoint()
    format_name, content_type, extension = FORMATS[name]
    path = folder / f"result.{extension}"
    image.save(path, format_name, **SAVE_OPTIONS[format_name])
    checkpoint()
    return Rendering(path, content_type, *size, None)


def _opened(path: Path, size: tuple[int, int]) -> Image.Image:
    """Return the image in a file, upright and cropped to `size`. Raise `Unrenderable` if it is none."""
    try:
        with Image.open(path, formats=INPUT_FORMATS) as image:
            image.draft("RGB", size)
            upright = ImageOps.exif_transpose(image).convert("RGB")
    except Exception as error:  # Pillow's decoders raise many types for damaged files.
        raise Unrenderable("the input image cannot be read") from error
    return ImageOps.fit(upright, size, Image.Resampling.BILINEAR)


def _with_grain(image: Image.Image, random: Random) -> Image.Image:
    """Return the image with a grain of 1 level, which keeps gradients free of bands."""
    levels = random.randbytes(1 << 16).translate(bytes(127 + level // 86 for level in range(256)))
    count = image.width * image.height
    grain = Image.frombytes("L", image.size, (levels * (count // len(levels) + 1))[:count])
    return ImageChops.add(image, Image.merge("RGB", (grain,) * 3), 1, -128)
