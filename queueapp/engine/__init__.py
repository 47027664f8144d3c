"""Answer prompts with painted scenes, on Pillow and PyAV alone; this package does not use Django."""

from collections.abc import Callable, Mapping
from pathlib import Path

from queueapp.engine.image import render_image
from queueapp.engine.rendering import Rendering, Stopped, Unrenderable
from queueapp.engine.video import render_video

__all__ = ["Rendering", "Stopped", "Unrenderable", "render"]


def render(
    model_name: str,
    params: Mapping[str, object],
    *,
    variation: str,
    folder: Path,
    checkpoint: Callable[[], None],
    input_image: Path | None = None,
) -> Rendering:
    """Render `model_name` with `params` into the existing directory `folder` and return the result.

    The same arguments give the same bytes; another `variation` gives another result. `checkpoint` is called
    at least every 0.2 s of work; an exception that it raises ends the render and leaves no file.
    `input_image` is the file of `image_url`, which `sketch-image` starts from. Unknown parameters are
    ignored. Raise `Unrenderable` if the model or its parameters cannot be rendered.
    """
    key = "\x1f".join((model_name, str(params.get("seed", "")), variation))
    try:
        if model_name == "sketch-image":
            return render_image(params, key, folder, checkpoint, input_image)
        if model_name == "sketch-video":
            return render_video(params, key, folder, checkpoint)
    except BaseException:
        for path in folder.glob("result.*"):
            path.unlink()
        raise
    raise Unrenderable(f"the built-in engine cannot render {model_name}")
