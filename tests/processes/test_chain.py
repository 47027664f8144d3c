"""One Drover as the hub of another, through the classic calls that it serves itself."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.running import Drover, until


@pytest.fixture
def inner(tmp_path: Path) -> Iterator[Drover]:
    """An instance whose own engine makes what is asked for."""
    with Drover(tmp_path / "inner") as running:
        yield running


@pytest.fixture
def outer(tmp_path: Path, inner: Drover) -> Iterator[Drover]:
    """An instance that the environment connects to the inner one, as the user whose token it has."""
    hub = {"OXEN_HUB_URL": inner.url, "OXEN_API_KEY": inner.token}
    with Drover(tmp_path / "outer", **hub) as running:
        yield running


def rows(drover: Drover) -> dict[str, tuple[Any, ...]]:
    """State, the hub's name and cancel answer of each generation, by id."""
    found = drover.database.rows("SELECT id, state, upstream_id, cancel_answer FROM queueapp_generation")
    return {str(made).replace("-", ""): tuple(told) for made, *told in found}


def state(drover: Drover, generation: str) -> str:
    return str(rows(drover)[generation.replace("-", "")][0])


def name_within(outer: Drover, generation: str) -> str:
    return str(rows(outer)[generation.replace("-", "")][1])


def test_a_drover_is_the_hub_of_another_which_finds_it_makes_images_and_stops_a_video(
    inner: Drover, outer: Drover
) -> None:
    until("it knows the models", lambda: outer.call("GET", "/api/ai/models/oxen/sketch-image").ok)
    told = "SELECT revision, namespace, check_ok FROM queueapp_connection WHERE name = 'oxen'"
    assert outer.database.rows(told) == [("classic", "admin", True)]

    images = outer.enqueue("oxen/sketch-image", num_generations=2)
    video = outer.enqueue("oxen/sketch-video", duration=15)[0]
    inside = until("the video is at work within", lambda: name_within(outer, video))
    until("it is being rendered", lambda: state(inner, inside) == "processing")
    assert outer.call("DELETE", f"/api/media/generations/admin/{video}").ok
    until("it is stopped here", lambda: state(outer, video) == "cancelled")
    until("it is stopped there", lambda: state(inner, inside) == "cancelled")

    until("the images end", lambda: not outer.live("oxen/sketch-image"))
    assert {state(outer, one) for one in images} == {"finished"}
    assert {state(inner, name_within(outer, one)) for one in images} == {"succeeded"}
    assert len(rows(inner)) == len(rows(outer)) == 3
