"""Calls a minute that watching a hub takes, with 40 and with 400 generations going.

.venv/bin/python -m bench.lists [seconds]
"""

import sys
import time
from collections import Counter

from bench.team import IMAGES, Hub, drover, states, until


def main() -> None:
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 60.0
    for revision in ("classic", "current"):
        for going in (40, 400):
            print(f"{revision:8} {going:4} going: {calls_a_minute(revision, going, seconds)}", flush=True)


def calls_a_minute(revision: str, going: int, seconds: float) -> dict[str, float]:
    with Hub(revision) as hub, drover(hub, capacity=going) as running:
        for place in range(going // 4):
            running.enqueue(IMAGES[place % len(IMAGES)], prompt=f"number {place}", num_generations=4)
        until("all are going", lambda: states(running) == {"processing": going}, 120)
        # Those that have just begun are looked at more often than those that go on for a while.
        time.sleep(60)
        before = len(hub.ledger.requests)
        time.sleep(seconds)
        counted = Counter(asked.call for asked in hub.ledger.requests[before:])
    return {call: round(number * 60 / seconds, 1) for call, number in sorted(counted.items())}


if __name__ == "__main__":
    main()
