"""Running instances of Drover."""

import shutil
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pytest

from tests.running import Drover

RunDrover = Callable[..., AbstractContextManager[Drover]]


@pytest.fixture(scope="session")
def run_drover(tmp_path_factory: pytest.TempPathFactory) -> RunDrover:
    """Return a function that runs an instance with settings of its own.

    Only the first instance of a session collects the static files, which takes a third of its start. The
    others get a copy.
    """
    static_files = tmp_path_factory.mktemp("collected") / "static"

    @contextmanager
    def run(data: Path, **environment: str) -> Iterator[Drover]:
        if static_files.exists():
            shutil.copytree(static_files, data / "static")
        with Drover(data, **environment) as drover:
            if not static_files.exists():
                shutil.copytree(data / "static", static_files)
            yield drover

    return run


@pytest.fixture
def drover(run_drover: RunDrover, tmp_path: Path) -> Iterator[Drover]:
    """An instance that misses heartbeats after six seconds, the shortest time that it accepts."""
    with run_drover(tmp_path / "data", DROVER_SILENT_SECONDS="6") as drover:
        yield drover
