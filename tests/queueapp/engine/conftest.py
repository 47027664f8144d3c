"""A folder and a render call with the arguments most tests do not care about, and one film made once."""

from collections.abc import Callable
from pathlib import Path

import pytest

from queueapp.engine import Rendering, image, render, video

Paint = Callable[..., Rendering]


def _no_stop() -> None:
    return None


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pictures and films of a third of their usual size, where size is not the question."""
    monkeypatch.setattr(image, "LONG_EDGE", 320)
    monkeypatch.setattr(video, "LONG_EDGE", 240)


@pytest.fixture
def paint(tmp_path: Path) -> Paint:
    """Renders `sketch-image` with the given parameters into a folder of its own."""
    made = iter(range(1000))

    def call(prompt: str, variation: str = "42:0", **params: object) -> Rendering:
        folder = tmp_path / str(next(made))
        folder.mkdir()
        return render(
            "sketch-image",
            {"prompt": prompt, **params},
            variation=variation,
            folder=folder,
            checkpoint=_no_stop,
        )

    return call


@pytest.fixture
def film(tmp_path: Path) -> Paint:
    """Renders `sketch-video` with the given parameters into a folder of its own."""
    made = iter(range(1000))

    def call(variation: str = "42:0", **params: object) -> Rendering:
        folder = tmp_path / f"film-{next(made)}"
        folder.mkdir()
        return render("sketch-video", params, variation=variation, folder=folder, checkpoint=_no_stop)

    return call


@pytest.fixture(scope="session")
def two_shots(tmp_path_factory: pytest.TempPathFactory) -> Rendering:
    """A film of two seconds in two shots."""
    shots = [{"prompt": "a sunny field", "duration": 1}, {"prompt": "night city", "duration": 1}]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(video, "LONG_EDGE", 320)
        return render(
            "sketch-video",
            {"multi_prompt": shots, "seed": 7, "duration": 9},
            variation="7:0",
            folder=tmp_path_factory.mktemp("film"),
            checkpoint=_no_stop,
        )
