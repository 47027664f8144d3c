"""Crashes during calls to hubs, and hubs that hang: every generation is sent once and ends with the truth."""

import contextlib
import signal
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack

import psutil

from tests.hub import misbehaviour as mis
from tests.hub.server import Hub
from tests.processes.hub_crashes import (
    HANGS,
    LONG_AGO,
    MODEL,
    WORKS_AND_HANGS,
    CrashPoint,
    CrashRun,
    count,
    create_connections,
    expire_leases,
    generations,
    until_due,
)
from tests.running import Drover, until

ANSWER_LOST = (("enqueue", mis.reset_after()),)
TRICKLES = (mis.trickle(1.0),)
#: For post-unmade-*: the hub has made nothing when the POST is interrupted.
CRASH_POINTS = (
    CrashPoint(
        "post-unmade-classic", "classic", "enqueue", HANGS, "lost", 2, 0, reason="may have made and billed"
    ),
    CrashPoint(
        "post-unmade-current", "current", "enqueue", HANGS, "failed", 2, 0, reason="safe to run it again"
    ),
    CrashPoint("post-made-classic", "classic", "enqueue", WORKS_AND_HANGS, "finished", 2, 2),
    CrashPoint("post-made-bridge", "bridge", "enqueue", WORKS_AND_HANGS, "succeeded", 2, 2),
    CrashPoint("post-made-current", "current", "enqueue", WORKS_AND_HANGS, "succeeded", 2, 2),
    CrashPoint("search-classic", "classic", "list", HANGS, "finished", earlier_plans=ANSWER_LOST),
    CrashPoint("search-current", "current", "list", HANGS, "succeeded", earlier_plans=ANSWER_LOST),
    CrashPoint("list-classic", "classic", "list", HANGS, "finished"),
    CrashPoint("list-current", "current", "list", HANGS, "succeeded"),
    CrashPoint("one-bridge", "bridge", "one", HANGS, "succeeded", next_call="one"),
    CrashPoint("one-current", "current", "one", HANGS, "succeeded", next_call="one"),
    CrashPoint("cancel-undone", "classic", "cancel", HANGS, "cancelled", next_call="cancel"),
    CrashPoint(
        "cancel-classic",
        "classic",
        "cancel",
        WORKS_AND_HANGS,
        "finished",
        next_call="cancel",
        reason="was lost",
    ),
    CrashPoint("cancel-current", "current", "cancel", WORKS_AND_HANGS, "cancelled", next_call="cancel"),
    CrashPoint("cost-current", "current", "generation", HANGS, "succeeded", next_call="generation"),
    CrashPoint("result-current", "current", "result", TRICKLES, "succeeded", next_call="result"),
)


def test_a_crash_during_any_call_to_a_hub_neither_repeats_nor_loses_a_generation(drover: Drover) -> None:
    def kill_workers() -> None:
        for process in drover.named("cluster"):
            with contextlib.suppress(psutil.Error):
                process.kill()

    def kill_everything() -> None:
        drover.named("up")[0].kill()
        until("every process has exited", lambda: not drover.processes(), 10)
        drover.start()

    with ExitStack() as stack:
        hubs = {point.name: stack.enter_context(Hub(point.revision)) for point in CRASH_POINTS}
        for hub in hubs.values():
            hub.keep_alive = 0.2  # The hub soon notices that a listener has died.
        create_connections(drover, hubs)
        for number, crash in enumerate((kill_workers, kill_everything)):
            runs = [CrashRun(point, hubs[point.name], f"{point.name} {number}") for point in CRASH_POINTS]
            crash_and_recover(drover, runs, crash)
    files = [path for path in (drover.data / "media" / "results").rglob("*") if path.is_file()]
    succeeded = count(drover, "generation WHERE state = 'succeeded'")
    assert len(files) == count(drover, "result") == succeeded


def crash_and_recover(drover: Drover, runs: Sequence[CrashRun], crash: Callable[[], None]) -> None:
    for run in reversed(runs):
        run.enqueue(drover)
    for run in reversed(runs):
        run.provoke_call(drover)
    for run in runs:
        until_due(drover, f"{run.point.name}: the worker waits for the hub", run.is_during_call)
    for run in runs:
        run.requests_before_crash = len(run.hub.ledger.requests)
    crash()
    expire_leases(drover)
    for run in runs:
        until_due(drover, f"{run.point.name}: the next worker calls the hub", run.has_next_call)
        until_due(drover, f"{run.point.name}: the next worker listens", run.has_listener)
    for run in runs:
        assert_nothing_ended_too_early(drover, run)
        run.finish()
    end_search(drover)
    until_due(drover, "everything ends", lambda: not count(drover, "generation WHERE ended_at IS NULL"))
    until_due(drover, "every result is stored", lambda: not count(drover, "download"))
    for run in runs:
        assert_outcome_is_true(drover, run)


def end_search(drover: Drover) -> None:
    """Date the interrupted POSTs back, so that the worker gives up the search for what the hub never made."""
    uncertain = "generation WHERE state = 'uncertain'"
    unmade = sum(point.count - point.made_count for point in CRASH_POINTS)
    until_due(drover, "what the hub made is found", lambda: count(drover, uncertain) == unmade)
    until_due(drover, "the rest is missing", lambda: not count(drover, f"{uncertain} AND missing_polls = 0"))
    drover.database.rows(
        f"UPDATE queueapp_generation SET posted_at = '{LONG_AGO}', answered_at = '{LONG_AGO}',"
        " missing_polls = 9, next_poll_at = NULL WHERE state = 'uncertain'"
    )


def assert_nothing_ended_too_early(drover: Drover, run: CrashRun) -> None:
    for row in generations(drover, run):
        if row.ended_at is not None and row.hub_id:
            ended_at_hub = run.hub.ledger.generations[row.hub_id].ended_at
            assert ended_at_hub is not None, (run.point, row)
            assert row.ended_at > ended_at_hub - 0.05, (run.point, row)
        else:
            assert row.ended_at is None, (run.point, row)


def assert_outcome_is_true(drover: Drover, run: CrashRun) -> None:
    point, rows = run.point, generations(drover, run)
    assert run.posts == 1, point
    assert len(run.made) == point.made_count, point
    assert {row.state for row in rows} == {point.final_state}, (point, rows)
    assert all(point.reason in row.reason for row in rows), (point, rows)
    assert {row.hub_id for row in rows if row.hub_id} == {made.id for made in run.made}, point
    if point.made_count:
        assert_nothing_ended_too_early(drover, run)


def test_a_hub_that_hangs_on_every_call_delays_neither_the_engine_nor_the_pages_nor_a_stop(
    drover: Drover,
) -> None:
    with Hub("current") as hub:
        create_connections(drover, {"hub": hub})
        for number in (4, 2):
            drover.enqueue(f"hub/{MODEL}", num_generations=number)
        until("the hub has them", lambda: count(drover, "generation WHERE upstream_id <> ''") == 6)
        hub.misbehave("result", *HANGS * 100)
        for made in hub.ledger.live[1:]:
            hub.finish(made.id)
        until("five of them have results", lambda: count(drover, "download") == 5)
        hub.chance.share, hub.chance.plans = 1.0, {"": [*HANGS]}
        drover.enqueue(f"hub/{MODEL}")
        until("a poll hangs", lambda: any(hanging(hub, call) for call in ("enqueue", "list", "generation")))
        until("downloads hang", lambda: hanging(hub, "result") > 1)

        drover.enqueue(num_generations=4)
        until("the engine renders", lambda: not drover.live(), 10)
        started_at = time.monotonic()
        assert drover.call("GET", "/").ok
        assert drover.call("GET", "/healthz").ok
        assert len(drover.live(f"hub/{MODEL}")) == 2
        assert time.monotonic() - started_at < 2
        drover.ask_to_stop(signal.SIGTERM)
        assert drover.process is not None
        assert drover.process.wait(6) == 0
        assert drover.processes() == []


def hanging(hub: Hub, call: str) -> int:
    return sum(1 for request in hub.ledger.calls(call) if request.misbehaved)
