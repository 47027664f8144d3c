"""One Drover as the hub of another, by the classic calls that it serves."""

from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

import pytest

from tests.processes.conftest import RunDrover
from tests.running import Drover, until


@pytest.fixture
def hub(run_drover: RunDrover, tmp_path: Path) -> Iterator[Drover]:
    """An instance that renders with the built-in engine."""
    with run_drover(tmp_path / "hub") as drover:
        yield drover


@pytest.fixture
def client(run_drover: RunDrover, tmp_path: Path, hub: Drover) -> Iterator[Drover]:
    """An instance whose environment connects it to the first one, with a token of its admin."""
    with run_drover(tmp_path / "client", OXEN_HUB_URL=hub.url, OXEN_API_KEY=hub.token) as drover:
        yield drover


def states(drover: Drover) -> dict[str, str]:
    """Return the state of each generation by its id."""
    rows = drover.database.rows("SELECT id, state FROM queueapp_generation")
    return {str(UUID(str(generation_id))): state for generation_id, state in rows}


def hub_ids(client: Drover) -> dict[str, str]:
    """Return the id at the hub of each generation by its own id."""
    rows = client.database.rows("SELECT id, upstream_id FROM queueapp_generation")
    return {str(UUID(str(generation_id))): hub_id for generation_id, hub_id in rows}


def test_a_drover_finds_the_models_of_another_renders_images_there_and_cancels_a_video(
    hub: Drover, client: Drover
) -> None:
    until("the models are known", lambda: client.call("GET", "/api/ai/models/oxen/sketch-image").ok)
    query = "SELECT revision, namespace, check_ok FROM queueapp_connection WHERE name = 'oxen'"
    assert client.database.rows(query) == [("classic", "admin", True)]

    images = client.enqueue("oxen/sketch-image", num_generations=2)
    video = client.enqueue("oxen/sketch-video", duration=15)[0]
    hub_video = until("the hub has the video", lambda: hub_ids(client)[video])
    until("the hub renders the video", lambda: states(hub)[hub_video] == "processing")
    assert client.call("DELETE", f"/api/media/generations/admin/{video}").ok
    until("the video is cancelled", lambda: states(client)[video] == "cancelled")
    until("the video is cancelled at the hub", lambda: states(hub)[hub_video] == "cancelled")

    until("the images end", lambda: not client.live("oxen/sketch-image"))
    assert {states(client)[image] for image in images} == {"finished"}
    assert {states(hub)[hub_ids(client)[image]] for image in images} == {"succeeded"}
    assert len(states(hub)) == len(states(client)) == 3
