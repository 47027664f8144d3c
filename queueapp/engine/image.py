"""`sketch-image`: one frame of a stage, saved as PNG, JPEG or WebP."""

import math
from collections.abc import Callable, Mapping
from pathlib import Path

from queueapp.engine.models import ASPECTS, FORMATS
from queueapp.engine.rendering import Rendering, Unrenderable
from queueapp.engine.stage import build

LONG_EDGE = 1024


def size_for(aspect_ratio: object, long_edge: int, most_pixels: float = math.inf) -> tuple[int, int]:
    """Width and height in even pixels, the longer side `long_edge` or less where `most_pixels` forbids it."""
    if not isinstance(aspect_ratio, str) or aspect_ratio not in ASPECTS:
        raise Unrenderable(f"aspect_ratio must be one of {', '.join(ASPECTS)}")
    across, down = ASPECTS[aspect_ratio]
    scale = min(long_edge / max(across, down), math.sqrt(most_pixels / (across * down)))
    return round(across * scale / 2) * 2, round(down * scale / 2) * 2


def render_image(
    params: Mapping[str, object], key: str, folder: Path, checkpoint: Callable[[], None]
) -> Rendering:
    """Paints `params["prompt"]` into `folder`; `key` decides everything that chance decides."""
    prompt = params.get("prompt")
    if not isinstance(prompt, str):
        raise Unrenderable("prompt is missing")
    name = params.get("output_format", "png")
    if not isinstance(name, str) or name not in FORMATS:
        raise Unrenderable(f"output_format must be one of {', '.join(FORMATS)}")
    size = size_for(params.get("aspect_ratio", "1:1"), LONG_EDGE)
    picture = build(prompt, size, key, None, checkpoint).frame(0.0)
    checkpoint()
    pillow_name, content_type, ending = FORMATS[name]
    path = folder / f"result.{ending}"
    options: dict[str, int | bool] = {"compress_level": 4} if pillow_name == "PNG" else {"quality": 92}
    if pillow_name == "WEBP":
        options = {"quality": 90, "method": 3}
    try:
        picture.save(path, pillow_name, **options)
        checkpoint()
    except BaseException:
        path.unlink(missing_ok=True)
        raise
    return Rendering(path, content_type, *size, None)
