"""What is at a hub when processes die or the hub hangs: made once, ended when the hub ended it, stored."""

import contextlib
import signal
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path

import psutil
import pytest

from tests.hub import misbehaviour as mis
from tests.hub.server import Hub
from tests.processes.scenes import HANGS, MODEL, WORKS_AND_HANGS, Scene, Step, connect, count, rows
from tests.running import Drover, until

LONG_AGO = "2020-01-01 00:00:00"
LOST = (("enqueue", mis.reset_after()),)
TRICKLES = (mis.trickle(1.0),)
STEPS = (
    Step("post-unmade-classic", "classic", "enqueue", HANGS, "lost", 2, 0, words="may have made and billed"),
    Step("post-unmade-current", "current", "enqueue", HANGS, "failed", 2, 0, words="safe to run it again"),
    Step("post-made-classic", "classic", "enqueue", WORKS_AND_HANGS, "finished", 2, 2),
    Step("post-made-bridge", "bridge", "enqueue", WORKS_AND_HANGS, "succeeded", 2, 2),
    Step("post-made-current", "current", "enqueue", WORKS_AND_HANGS, "succeeded", 2, 2),
    Step("search-classic", "classic", "list", HANGS, "finished", first=LOST),
    Step("search-current", "current", "list", HANGS, "succeeded", first=LOST),
    Step("list-classic", "classic", "list", HANGS, "finished"),
    Step("list-current", "current", "list", HANGS, "succeeded"),
    Step("one-bridge", "bridge", "one", HANGS, "succeeded", asks="one"),
    Step("one-current", "current", "one", HANGS, "succeeded", asks="one"),
    Step("cancel-undone", "classic", "cancel", HANGS, "cancelled", asks="cancel"),
    Step("cancel-classic", "classic", "cancel", WORKS_AND_HANGS, "finished", asks="cancel", words="was lost"),
    Step("cancel-current", "current", "cancel", WORKS_AND_HANGS, "cancelled", asks="cancel"),
    Step("cost-current", "current", "generation", HANGS, "succeeded", asks="generation"),
    Step("result-current", "current", "result", TRICKLES, "succeeded", asks="result"),
)


@pytest.fixture
def drover(tmp_path: Path) -> Iterator[Drover]:
    with Drover(tmp_path / "data", DROVER_SILENT_SECONDS="6") as running:
        yield running


def test_whatever_the_worker_was_doing_with_a_hub_when_it_died_is_done_once_and_told_truly(
    drover: Drover,
) -> None:
    def worker_dies() -> None:
        for process in drover.named("cluster"):
            with contextlib.suppress(psutil.Error):
                process.kill()

    def everything_dies() -> None:
        drover.named("up")[0].kill()
        until("every process has ended", lambda: not drover.processes(), 10)
        drover.start()

    with ExitStack() as stack:
        hubs = {step.name: stack.enter_context(Hub(step.revision)) for step in STEPS}
        for hub in hubs.values():
            hub.keep_alive = 0.2  # Soon enough it notices who is gone.
        connect(drover, hubs)
        for number, dies in enumerate((worker_dies, everything_dies)):
            scenes = [Scene(step, hubs[step.name], f"{step.name} {number}") for step in STEPS]
            play(drover, scenes, dies)
    stored = [path for path in (drover.data / "media" / "results").rglob("*") if path.is_file()]
    succeeded = count(drover, "generation WHERE state = 'succeeded'")
    assert len(stored) == count(drover, "result") == succeeded


def play(drover: Drover, scenes: Sequence[Scene], die: Callable[[], None]) -> None:
    for scene in reversed(scenes):
        scene.ask(drover)
    for scene in reversed(scenes):
        scene.bring_about(drover)
    for scene in scenes:
        until(f"the worker is in the middle of {scene.step.name}", scene.is_held)
    for scene in scenes:
        scene.died_at = len(scene.hub.ledger.requests)
    die()
    the_waits_are_over(drover)
    for scene in scenes:
        until(f"{scene.step.name} is taken up again", scene.is_taken_up)
        until(f"{scene.step.name} is listened to again", scene.is_heard)
    for scene in scenes:
        assert_nothing_ended_too_early(drover, scene)
        scene.finish()
    the_search_ends(drover)
    until("everything ends", lambda: not count(drover, "generation WHERE ended_at IS NULL"))
    until("every result is stored", lambda: not count(drover, "download"))
    for scene in scenes:
        assert_all_is_told_truly(drover, scene)


def the_waits_are_over(drover: Drover) -> None:
    """The dead worker's holds on results, and the pause before a cost is asked for again, lapse at once."""
    drover.database.rows(f"UPDATE queueapp_download SET claimed_until = '{LONG_AGO}'")
    drover.database.rows(
        f"UPDATE queueapp_generation SET cost_check_at = '{LONG_AGO}' WHERE cost_check_at IS NOT NULL"
    )


def the_search_ends(drover: Drover) -> None:
    """Let the POSTs that nobody answered be long over for those that were looked for and not found."""
    uncertain = "generation WHERE state = 'uncertain'"
    unmade = sum(step.count - step.made for step in STEPS)
    until("what was made is found", lambda: count(drover, uncertain) == unmade)
    until("what was not made is looked for", lambda: not count(drover, f"{uncertain} AND looks = 0"))
    drover.database.rows(
        f"UPDATE queueapp_generation SET posted_at = '{LONG_AGO}', answered_at = '{LONG_AGO}', looks = 9,"
        " next_check_at = NULL WHERE state = 'uncertain'"
    )


def assert_nothing_ended_too_early(drover: Drover, scene: Scene) -> None:
    for row in rows(drover, scene):
        if row.ended is not None and row.name:
            there = scene.hub.ledger.generations[row.name].ended_at
            assert there is not None, (scene.step, row)
            assert row.ended > there - 0.05, (scene.step, row)
        else:
            assert row.ended is None, (scene.step, row)


def assert_all_is_told_truly(drover: Drover, scene: Scene) -> None:
    step, found = scene.step, rows(drover, scene)
    assert scene.posts == 1, step
    assert len(scene.made) == step.made, step
    assert {row.state for row in found} == {step.ends}, (step, found)
    assert all(step.words in row.words for row in found), (step, found)
    assert {row.name for row in found if row.name} == {made.id for made in scene.made}, step
    if step.made:
        assert_nothing_ended_too_early(drover, scene)


def test_a_hub_that_hangs_on_every_call_holds_up_neither_the_engine_nor_the_pages_nor_the_end(
    drover: Drover,
) -> None:
    with Hub("current") as hub:
        connect(drover, {"hub": hub})
        for number in (4, 2):
            drover.enqueue(f"hub/{MODEL}", num_generations=number)
        until("the hub has them", lambda: count(drover, "generation WHERE upstream_id <> ''") == 6)
        hub.misbehave("result", *HANGS * 100)
        for made in hub.ledger.live[1:]:
            hub.finish(made.id)
        until("five of them have results", lambda: count(drover, "download") == 5)
        hub.chance.share, hub.chance.plans = 1.0, {"": [*HANGS]}
        drover.enqueue(f"hub/{MODEL}")
        until("the pump hangs", lambda: any(hangs(hub, call) for call in ("enqueue", "list", "generation")))
        until("results hang", lambda: hangs(hub, "result") > 1)

        drover.enqueue(num_generations=4)
        until("the engine makes what it is asked for", lambda: not drover.live(), 10)
        began = time.monotonic()
        assert drover.call("GET", "/").ok
        assert drover.call("GET", "/healthz").ok
        assert len(drover.live(f"hub/{MODEL}")) == 2
        assert time.monotonic() - began < 2
        drover.ask_to_stop(signal.SIGTERM)
        assert drover.process is not None
        assert drover.process.wait(6) == 0
        assert drover.processes() == []


def hangs(hub: Hub, call: str) -> int:
    return sum(1 for one in hub.ledger.calls(call) if one.misbehaved)
