"""What is left of the work when processes die: all of it, once."""

import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from tests.running import ROOT, Drover, until


@pytest.fixture
def drover(tmp_path: Path) -> Iterator[Drover]:
    """An instance with little patience, so that what is dead or hangs is found within a test."""
    with Drover(tmp_path / "data", DROVER_SILENT_SECONDS="6") as running:
        yield running


def states(drover: Drover) -> Counter[str]:
    return Counter(state for (state,) in drover.database.rows("SELECT state FROM queueapp_generation"))


def holders(drover: Drover) -> dict[str, int]:
    """The generations that workers hold now, and the process ids of these workers."""
    rows = drover.database.rows("SELECT id, lease_token FROM queueapp_generation WHERE lease_token <> ''")
    return {str(held).replace("-", ""): int(token.split(":")[1]) for held, token in rows}


def all_end(drover: Drover) -> None:
    until("everything ends", lambda: not drover.live("sketch-image") + drover.live("sketch-video"), 60)


def nothing_was_made_twice(drover: Drover) -> None:
    made = drover.database.rows("SELECT count(*) FROM queueapp_result")[0][0]
    assert made == states(drover)["succeeded"]
    stored = [path for path in (drover.data / "media" / "results").rglob("*") if path.is_file()]
    assert len(stored) == made


def test_work_survives_lost_bells_dead_and_hanging_workers_and_a_poison_generation(
    drover: Drover,
) -> None:
    poison = drover.enqueue("sketch-video", duration=15)[0].replace("-", "")
    drover.enqueue(num_generations=4)
    for table in ("ormq", "schedule", "task"):
        drover.database.rows(f"DELETE FROM django_q_{table}")
    killed = {0}

    def next_victim() -> int:
        return max({holders(drover).get(poison, 0)} - killed, default=0)

    for _ in range(3):
        victim = until("a worker takes it up", next_victim)
        psutil.Process(victim).kill()
        killed.add(victim)
    busy = {*holders(drover).values(), *killed}
    idle = [process for process in drover.named("cluster", "jobs")[2:] if process.pid not in busy]
    idle[0].kill()
    for process in drover.named("cluster", "poller"):
        process.suspend()  # It looks alive and does nothing: only the keeper can help.
    drover.enqueue(num_generations=2)
    all_end(drover)
    assert states(drover) == {"succeeded": 6, "failed": 1}
    nothing_was_made_twice(drover)


def test_work_survives_the_death_of_everything_and_stopping_leaves_nobody_behind(
    drover: Drover, tmp_path: Path
) -> None:
    same_port = Drover(tmp_path / "other", PORT=str(drover.port), DATABASE_URL="")
    assert "Another Drover is running" in refusal(Drover(drover.data, DATABASE_URL=""))
    assert f"Port {drover.port} on 127.0.0.1 is taken" in refusal(same_port)
    for victim in ("up", "worker", "web"):
        drover.enqueue("sketch-video", duration=3)
        until("a worker renders", lambda: holders(drover))
        drover.named(victim)[0].kill()
        until("every process has ended", lambda: not drover.processes(), 10)
        drover.start()
    for number in (signal.SIGINT, signal.SIGTERM):
        rendered = drover.enqueue("sketch-video", duration=3)[0].replace("-", "")
        until("a worker renders it", lambda made=rendered: made in holders(drover))
        drover.ask_to_stop(number)
        assert drover.process is not None
        assert drover.process.wait(5) == 0
        assert drover.processes() == []
        assert rendered not in holders(drover)
        drover.start()
    all_end(drover)
    assert states(drover) == {"succeeded": 5}
    nothing_was_made_twice(drover)


def refusal(second: Drover) -> str:
    ended = subprocess.run(
        [sys.executable, "manage.py", "up"],
        cwd=ROOT, env=second.environment, capture_output=True, text=True, timeout=30,
    )  # fmt: skip
    assert ended.returncode != 0
    return ended.stderr
