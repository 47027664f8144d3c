"""Send 1,000 generations through a hub that misbehaves, while the workers are killed again and again.

    .venv/bin/python -m bench.losses [generations] [revision]

One call in five fails (errors, invalid responses, hangs, resets, responses lost after the work was done),
and every 20 seconds all worker processes are killed with SIGKILL. In the end Drover's rows are compared with
the hub's ledger. The exit code is 1 if anything was lost, made twice, ended too early or reported wrongly.
"""

import contextlib
import random
import sys
import time
from collections import Counter
from datetime import UTC, datetime
from typing import Any, NamedTuple

import psutil

from bench.instance import IMAGE_MODELS, Drover, Hub, count_active, count_states, run_drover

#: Seconds between two kills, and until the measurement is given up.
KILL_INTERVAL, TIME_LIMIT = 20.0, 1500.0
#: Seconds by which the two ends of a generation may differ although Drover's came second.
CLOCK_TOLERANCE = 0.05


class Row(NamedTuple):
    """A generation in Drover's database."""

    prompt: str
    state: str
    category: str
    upstream_id: str
    ended_at: Any


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 1000
    revision = sys.argv[2] if len(sys.argv) > 2 else "current"
    failing_hub = Hub(revision, seconds=(1, 12), misbehave=0.2, seed=7, hang_seconds=2.0)
    with failing_hub as hub, run_drover(hub, capacity=60) as drover:
        began = time.monotonic()
        requested = enqueue(drover, count)
        kills = kill_until_all_ended(drover, began)
        print_requests(hub, time.monotonic() - began, kills)
        sys.exit(print_result(hub, drover, requested))


def enqueue(drover: Drover, count: int) -> dict[str, int]:
    """Enqueue submissions of one to four generations. Return the number for each prompt."""
    numbers = random.Random(7)
    requested: dict[str, int] = {}
    while (remaining := count - sum(requested.values())) > 0:
        prompt = f"number {len(requested)}"
        requested[prompt] = min(remaining, numbers.randint(1, 4))
        model = IMAGE_MODELS[len(requested) % len(IMAGE_MODELS)]
        drover.enqueue(model, prompt=prompt, num_generations=requested[prompt])
    return requested


def kill_until_all_ended(drover: Drover, began: float) -> int:
    """Kill the workers at every interval until no generation is active. Return the number of kills."""
    kills, kill_at = 0, began + KILL_INTERVAL
    while count_active(drover) and time.monotonic() < began + TIME_LIMIT:
        time.sleep(0.5)
        if time.monotonic() > kill_at:
            kill_workers(drover)
            kills, kill_at = kills + 1, time.monotonic() + KILL_INTERVAL
        print(f"\r{time.monotonic() - began:5.0f} s {count_states(drover)}", end="", file=sys.stderr)
    print(file=sys.stderr)
    return kills


def kill_workers(drover: Drover) -> None:
    """Kill every process of both clusters. The supervisor restarts them."""
    for process in drover.named("cluster"):
        with contextlib.suppress(psutil.Error):
            process.kill()


def print_requests(hub: Hub, seconds: float, kills: int) -> None:
    requests = hub.ledger.requests
    failed = sum(1 for request in requests if request.misbehaved)
    print(f"{len(IMAGE_MODELS)} models, {hub.revision} hub, {seconds:.0f} s, {kills} kills")
    print(f"calls {dict(Counter(request.call for request in requests))}, {failed / len(requests):.0%} failed")


def print_result(hub: Hub, drover: Drover, requested: dict[str, int]) -> bool:
    """Print the comparison of Drover's rows with the hub's ledger. Return whether anything is wrong."""
    rows = read_rows(drover)
    created = Counter(generation.params["prompt"] for generation in hub.ledger.generations.values())
    ids = [row.upstream_id for row in rows if row.upstream_id]
    lost = sum(requested.values()) - len(rows) + sum(1 for row in rows if row.ended_at is None)
    twice = sum(max(0, created[prompt] - count) for prompt, count in requested.items())
    reused = len(ids) - len(set(ids))
    early = sum(1 for row in rows if ended_too_early(hub, row))
    wrong = count_wrongly_not_made(rows, created, requested)
    states = count_states(drover)
    print(f"generations, states                {len(rows)}, {states}")
    print(f"lost (no row, or never ended)      {lost}")
    print(f"made twice                         {twice} ({reused} hub ids used twice)")
    print(f"ended too early                    {early}")
    print(f"reported as not made, but made     {wrong}")
    print(f"outcome unknown                    {states.get('lost', 0)}")
    return bool(lost or twice or reused or early or wrong)


def read_rows(drover: Drover) -> list[Row]:
    rows = drover.database.rows(
        "SELECT s.prompt, g.state, g.category, g.upstream_id, g.ended_at FROM queueapp_generation g"
        " JOIN queueapp_submission s ON s.id = g.submission_id"
    )
    return [Row(*row) for row in rows]


def count_wrongly_not_made(rows: list[Row], created: Counter[str], requested: dict[str, int]) -> int:
    """Count the generations that the hub created although Drover reports that nothing was made."""
    not_made = Counter(row.prompt for row in rows if (row.state, row.category) == ("failed", "not sent"))
    return sum(max(0, created[prompt] - (requested[prompt] - count)) for prompt, count in not_made.items())


def ended_too_early(hub: Hub, row: Row) -> bool:
    """Return whether a generation ended in Drover while the hub still worked on it."""
    generation = hub.ledger.generations.get(row.upstream_id)
    if generation is None or row.ended_at is None or row.state == "expired":
        return False
    return generation.ended_at is None or unix_time(row.ended_at) + CLOCK_TOLERANCE < generation.ended_at


def unix_time(value: Any) -> float:
    """Return the Unix time of a database's timestamp: text from SQLite, a datetime from PostgreSQL."""
    moment = value if isinstance(value, datetime) else datetime.fromisoformat(value)
    return moment.replace(tzinfo=moment.tzinfo or UTC).timestamp()


if __name__ == "__main__":
    main()
