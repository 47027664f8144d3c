"""The built-in renderer: an honest stand-in that answers prompts with sketches, on Pillow and PyAV alone.

It knows nothing of Django, of queues or of accounts.
"""

from collections.abc import Callable, Mapping
from pathlib import Path

from queueapp.engine.image import render_image
from queueapp.engine.models import MODELS, EngineModel
from queueapp.engine.rendering import Rendering, Stopped, Unrenderable
from queueapp.engine.video import render_video

__all__ = ["MODELS", "EngineModel", "Rendering", "Stopped", "Unrenderable", "render"]


def render(
    model_name: str,
    params: Mapping[str, object],
    *,
    variation: str,
    folder: Path,
    checkpoint: Callable[[], None],
) -> Rendering:
    """Renders `model_name` with `params` into the existing directory `folder`.

    The same model, prompt, seed and `variation` give the same bytes in every run; another `variation` gives
    another result. `checkpoint` is called at least every 0.2 s of work; whatever it raises
    ends the render and leaves no file behind. Raises `Unrenderable` when the model or its parameters cannot
    be rendered.
    """
    key = "\x1f".join((model_name, str(params.get("seed", "")), variation))
    if model_name == "sketch-image":
        return render_image(params, f"{key}\x1f{params.get('prompt')}", folder, checkpoint)
    if model_name == "sketch-video":
        return render_video(params, key, folder, checkpoint)
    raise Unrenderable(f"the built-in engine cannot render {model_name}")
