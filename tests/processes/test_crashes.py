"""Crashes while the built-in engine renders: no generation is lost, and none is rendered twice."""

import signal
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from uuid import UUID

import pytest

from tests.processes.conftest import RunDrover
from tests.running import Drover, until


@pytest.fixture(scope="module")
def drover(run_drover: RunDrover, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Drover]:
    """One instance for all tests here. Each of them leaves it running, without unfinished generations."""
    with run_drover(tmp_path_factory.mktemp("crashes") / "data", DROVER_SILENT_SECONDS="6") as drover:
        yield drover


def states(drover: Drover, ids: Sequence[str]) -> Counter[str]:
    rows = drover.database.rows("SELECT id, state FROM queueapp_generation")
    return Counter(state for generation_id, state in rows if str(UUID(str(generation_id))) in ids)


def rendering_workers(drover: Drover) -> dict[str, int]:
    """Return the process id of the worker that has the lease on each generation, by the generation's id."""
    # Without attempts, the token is the poller's and holds no process id.
    rows = drover.database.rows(
        "SELECT id, lease_token FROM queueapp_generation WHERE lease_token <> '' AND attempts > 0"
    )
    return {str(UUID(str(generation_id))): int(token.split(":")[1]) for generation_id, token in rows}


def kill_worker(drover: Drover, process_id: int) -> None:
    """Kill a process, but only one of this instance."""
    next(process for process in drover.processes() if process.pid == process_id).kill()


def wait_until_all_have_ended(drover: Drover) -> None:
    until("all generations end", lambda: not drover.live("sketch-image") + drover.live("sketch-video"), 60)


def assert_each_success_has_one_file(drover: Drover) -> None:
    succeeded = drover.database.rows("SELECT id FROM queueapp_generation WHERE state = 'succeeded'")
    results = drover.database.rows("SELECT generation_id FROM queueapp_result")
    assert sorted(results) == sorted(succeeded)
    files = [path for path in (drover.data / "media" / "results").rglob("*") if path.is_file()]
    assert len(files) == len(results)


def wait_for_exit(drover: Drover) -> None:
    until("every process has exited", lambda: not drover.processes(), 10)


def test_generations_survive_lost_tasks_dead_and_frozen_workers_and_one_that_kills_its_workers(
    drover: Drover,
) -> None:
    killer = drover.enqueue("sketch-video", duration=15)[0]
    ids = [killer, *drover.enqueue("sketch-image", num_generations=4)]
    for table in ("ormq", "schedule", "task"):
        drover.database.rows(f"DELETE FROM django_q_{table}")
    killed: set[int] = set()

    def next_victim() -> int | None:
        worker = rendering_workers(drover).get(killer)
        return worker if worker not in killed else None

    for _ in range(3):
        victim = until("a worker renders it", next_victim)
        kill_worker(drover, victim)
        killed.add(victim)
    busy = {*rendering_workers(drover).values(), *killed}
    idle = [process for process in drover.named("cluster", "jobs")[2:] if process.pid not in busy]
    idle[0].kill()
    for process in drover.named("cluster", "poller"):
        process.suspend()  # It seems to be alive and does nothing. Only the supervisor can help.
    ids += drover.enqueue("sketch-image", num_generations=2)
    wait_until_all_have_ended(drover)
    assert states(drover, ids) == {"succeeded": 6, "failed": 1}
    assert_each_success_has_one_file(drover)


def test_a_second_instance_on_the_same_folder_or_port_is_refused(drover: Drover, tmp_path: Path) -> None:
    same_folder = Drover(drover.data, DATABASE_URL="")
    same_port = Drover(tmp_path, PORT=str(drover.port), DATABASE_URL="")
    with ThreadPoolExecutor() as pool:
        folder_refusal, port_refusal = pool.map(lambda second: second.run("up"), (same_folder, same_port))
    assert folder_refusal.returncode != 0
    assert f"Another Drover is running on {drover.data}" in folder_refusal.stderr
    assert port_refusal.returncode != 0
    assert f"Port {drover.port} on 127.0.0.1 is already in use" in port_refusal.stderr


def test_generations_survive_the_death_of_every_process_and_a_stop_leaves_none_running(
    drover: Drover,
) -> None:
    ids = []
    for command in ("up", "worker", "web"):
        ids += drover.enqueue("sketch-video", duration=3)
        until("a worker renders", lambda: rendering_workers(drover))
        drover.named(command)[0].kill()
        wait_for_exit(drover)
        drover.start()
    for number in (signal.SIGINT, signal.SIGTERM):
        video = drover.enqueue("sketch-video", duration=3)[0]
        ids.append(video)
        until("a worker renders it", lambda video=video: video in rendering_workers(drover))
        drover.ask_to_stop(number)
        assert drover.process is not None
        assert drover.process.wait(5) == 0
        assert drover.processes() == []
        assert video not in rendering_workers(drover)
        drover.start()
    wait_until_all_have_ended(drover)
    assert states(drover, ids) == {"succeeded": 5}
    assert_each_success_has_one_file(drover)
