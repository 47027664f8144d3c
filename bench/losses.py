"""1,000 generations through a hub that misbehaves while the worker is killed over and over.

    .venv/bin/python -m bench.losses [generations] [revision]

One call in five goes wrong (errors, nonsense, hangs, resets, answers lost after the work was done), and
every 20 seconds all processes of the worker are SIGKILLed. Afterwards Drover's rows are held against the
hub's own ledger.
"""

import contextlib
import random
import sys
import time
from collections import Counter

import psutil

from bench.team import IMAGES, Hub, drover, live, states

KILL_EVERY = 20.0
LONGEST = 1500.0
SLACK = 0.05


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 1000
    revision = sys.argv[2] if len(sys.argv) > 2 else "current"
    bad = Hub(revision, seconds=(1, 12), misbehave=0.2, seed=7, hang_seconds=2.0)
    with bad as hub, drover(hub, capacity=60) as running:
        began = time.monotonic()
        asked = enqueue(running, count)
        kills = kill_until_all_ended(running, began)
        took = time.monotonic() - began
        sys.exit(report(hub, running, asked, kills, took))


def enqueue(running, count: int) -> dict[str, int]:
    """Submissions of one to four, each with a prompt of its own: prompt -> how many."""
    chance = random.Random(7)
    asked: dict[str, int] = {}
    while (left := count - sum(asked.values())) > 0:
        prompt = f"number {len(asked)}"
        asked[prompt] = min(left, chance.randint(1, 4))
        model = IMAGES[len(asked) % len(IMAGES)]
        running.enqueue(model, prompt=prompt, num_generations=asked[prompt])
    return asked


def kill_until_all_ended(running, began: float) -> int:
    kills, due = 0, began + KILL_EVERY
    while live(running):
        time.sleep(0.5)
        if time.monotonic() > due:
            kill_worker(running)
            kills, due = kills + 1, time.monotonic() + KILL_EVERY
        if time.monotonic() > began + LONGEST:
            break
        print(f"\r{time.monotonic() - began:5.0f} s {states(running)}", end="", file=sys.stderr)
    print(file=sys.stderr)
    return kills


def kill_worker(running) -> None:
    """Both clusters, every process of them; their keeper starts them again."""
    for process in running.named("cluster"):
        with contextlib.suppress(psutil.Error):
            process.kill()


def report(hub: Hub, running, asked: dict[str, int], kills: int, took: float) -> bool:
    """Print what came of it; whether anything was wrong."""
    made = Counter(one.params["prompt"] for one in hub.ledger.generations.values())
    rows = running.database.rows(
        "SELECT s.prompt, g.state, g.category, g.upstream_id, g.ended_at FROM queueapp_generation g"
        " JOIN queueapp_submission s ON s.id = g.submission_id"
    )
    never = sum(1 for *_, ended in rows if ended is None)
    missing = sum(asked.values()) - len(rows)
    twice = sum(max(0, made[prompt] - count) for prompt, count in asked.items())
    names = [name for _, _, _, name, _ in rows if name]
    wrong = Counter(
        prompt for prompt, state, category, *_ in rows if (state, category) == ("failed", "not sent")
    )
    untrue = sum(max(0, made[prompt] - (asked[prompt] - count)) for prompt, count in wrong.items())
    calls = Counter(one.call for one in hub.ledger.requests)
    bad = sum(1 for one in hub.ledger.requests if one.misbehaved)
    print(f"{len(rows)} generations of {len(IMAGES)} models, {hub.revision} hub, {took:.0f} s, {kills} kills")
    print(f"calls {dict(calls)}, {bad / len(hub.ledger.requests):.0%} of them misbehaved")
    print(f"states                          {states(running)}")
    print(f"lost (no row, or never ended)   {missing + never}")
    print(f"made twice                      {twice} (and {len(names) - len(set(names))} names used twice)")
    early = too_early(hub, rows)
    print(f"ended too early                 {early}")
    print(f"said 'nothing made' untruly     {untrue}")
    print(f"told 'nobody knows' (lost)      {states(running).get('lost', 0)}")
    return bool(missing + never + twice + early + untrue)


def too_early(hub: Hub, rows) -> int:
    """Those that Drover called ended while the hub still worked on them."""
    found = 0
    for _, state, _, name, ended in rows:
        there = hub.ledger.generations.get(name)
        if there is None or ended is None or state == "expired":
            continue
        found += there.ended_at is None or seconds_of(ended) + SLACK < there.ended_at
    return found


def seconds_of(moment) -> float:
    from datetime import UTC, datetime

    at = moment if isinstance(moment, datetime) else datetime.fromisoformat(moment)
    return at.replace(tzinfo=at.tzinfo or UTC).timestamp()


if __name__ == "__main__":
    main()
