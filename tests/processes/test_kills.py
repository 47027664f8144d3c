"""What is left of the work when processes die: all of it, once."""

import signal
from collections import Counter
from pathlib import Path

import psutil
import pytest

from tests.running import Drover, until

#: Short patience, so that a hung cluster is found within a test.
IMPATIENT = {"DROVER_SILENT_SECONDS": "4"}
ENDED = ("succeeded", "failed", "cancelled", "expired", "lost", "finished")


@pytest.fixture
def drover(tmp_path: Path):
    with Drover(tmp_path / "data", **IMPATIENT) as running:
        yield running


def states(drover: Drover) -> Counter[str]:
    rows = drover.rows("SELECT state, count(*) FROM queueapp_generation GROUP BY state")
    return Counter(dict(rows))


def holders(drover: Drover) -> list[int]:
    """The process ids of the workers that render now."""
    rows = drover.rows("SELECT claim FROM queueapp_generation WHERE claim <> ''")
    return [int(claim.split(":")[1]) for (claim,) in rows]


def all_end(drover: Drover) -> None:
    until("everything ends", lambda: not drover.live("sketch-image") + drover.live("sketch-video"), 60)


def nothing_was_made_twice(drover: Drover) -> None:
    made = drover.rows("SELECT count(*) FROM queueapp_result")[0][0]
    assert made == states(drover)["succeeded"]
    stored = [path for path in (drover.data / "media" / "results").rglob("*") if path.is_file()]
    assert len(stored) == made


def test_work_survives_lost_bells_and_killed_workers(drover: Drover) -> None:
    drover.enqueue("sketch-video", duration=12, num_generations=2)
    drover.enqueue(num_generations=4)
    for table in ("ormq", "schedule", "task"):
        drover.rows(f"DELETE FROM django_q_{table}")
    busy = until("a worker renders", lambda: holders(drover))
    psutil.Process(busy[0]).kill()
    workers = {process.pid for process in drover.named("cluster", "work")[2:]}
    idle = workers - set(busy)
    psutil.Process(min(idle)).kill()
    drover.enqueue(num_generations=2)
    all_end(drover)
    assert states(drover) == {"succeeded": 8}
    nothing_was_made_twice(drover)


def test_work_survives_the_death_of_everything_and_a_poison_generation_does_not_stop_it(
    drover: Drover,
) -> None:
    poison = drover.enqueue("sketch-video", duration=15)[0]
    for _ in range(3):
        query = f"SELECT claim FROM queueapp_generation WHERE id = '{poison.replace('-', '')}' AND claim <> ''"
        claim = until("a worker takes it up", lambda: drover.rows(query), 20)[0][0]
        psutil.Process(int(claim.split(":")[1])).kill()
    drover.enqueue(num_generations=4)
    for victim in ("up", "worker", "web"):
        drover.enqueue()
        drover.named(victim)[0].kill()
        until("every process has ended", lambda: not drover.processes(), 10)
        assert drover.process is not None
        drover.process.wait()
        drover.start()
    all_end(drover)
    assert states(drover) == {"succeeded": 7, "failed": 1}
    nothing_was_made_twice(drover)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_asked_to_stop_it_stops_within_seconds_and_leaves_nobody_behind(
    drover: Drover, number: signal.Signals
) -> None:
    drover.enqueue("sketch-video", duration=15)
    until("a worker renders", lambda: holders(drover))
    drover.ask_to_stop(number)
    assert drover.process is not None
    assert drover.process.wait(5) == 0
    assert drover.processes() == []


def test_a_second_run_on_the_same_data_or_port_refuses_with_a_clear_line(
    drover: Drover, tmp_path: Path
) -> None:
    same_data = Drover(drover.data)
    same_port = Drover(tmp_path / "other")
    same_port.environment["PORT"] = str(drover.port)
    assert "Another Drover is running" in refusal(same_data)
    assert f"Port {drover.port} on 127.0.0.1 is taken" in refusal(same_port)
    assert drover.is_well()


def refusal(second: Drover) -> str:
    import subprocess
    import sys

    from tests.running import ROOT

    ended = subprocess.run(
        [sys.executable, "manage.py", "up"],
        cwd=ROOT, env=second.environment, capture_output=True, text=True, timeout=30,
    )  # fmt: skip
    assert ended.returncode != 0
    return ended.stderr
