"""Folders, render calls with the arguments most tests do not care about, and one video made once."""

from collections.abc import Callable
from pathlib import Path

import pytest

from queueapp.engine import Rendering, image, render, video

Render = Callable[..., Rendering]


def _no_stop() -> None:
    return None


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make images and videos small, where size is not the question."""
    monkeypatch.setattr(image, "LONG_EDGE", 320)
    monkeypatch.setattr(video, "LONG_EDGE", 240)


@pytest.fixture
def make_image(tmp_path: Path) -> Render:
    """Return a function that renders `sketch-image` with given parameters into a folder of its own."""
    numbers = iter(range(1000))

    def call(
        prompt: str, variation: str = "42:0", input_image: Path | None = None, **params: object
    ) -> Rendering:
        folder = tmp_path / f"image-{next(numbers)}"
        folder.mkdir()
        return render(
            "sketch-image",
            {"prompt": prompt, **params},
            variation=variation,
            folder=folder,
            checkpoint=_no_stop,
            input_image=input_image,
        )

    return call


@pytest.fixture
def make_video(tmp_path: Path) -> Render:
    """Return a function that renders `sketch-video` with given parameters into a folder of its own."""
    numbers = iter(range(1000))

    def call(variation: str = "42:0", **params: object) -> Rendering:
        folder = tmp_path / f"video-{next(numbers)}"
        folder.mkdir()
        return render("sketch-video", params, variation=variation, folder=folder, checkpoint=_no_stop)

    return call


@pytest.fixture(scope="session")
def two_shots(tmp_path_factory: pytest.TempPathFactory) -> Rendering:
    """A video of two seconds in two shots."""
    shots = [{"prompt": "a sunny field", "duration": 1}, {"prompt": "night city", "duration": 1}]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(video, "LONG_EDGE", 320)
        return render(
            "sketch-video",
            {"multi_prompt": shots, "seed": 7, "duration": 9},
            variation="7:0",
            folder=tmp_path_factory.mktemp("video"),
            checkpoint=_no_stop,
        )
