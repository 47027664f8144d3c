"""Count the calls a minute to a hub with 40 and with 400 active generations.

.venv/bin/python -m bench.lists [seconds]
"""

import sys
import time
from collections import Counter

from bench.instance import IMAGE_MODELS, Hub, count_states, run_drover, until

#: Seconds before the count: new generations are polled more often than older ones.
WARM_UP = 60


def main() -> None:
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 60.0
    for revision in ("classic", "current"):
        for active in (40, 400):
            print(f"{revision:8} {active:4} active: {calls_a_minute(revision, active, seconds)}", flush=True)


def calls_a_minute(revision: str, active: int, seconds: float) -> dict[str, float]:
    """Return the calls a minute by name."""
    with Hub(revision) as hub, run_drover(hub, capacity=active) as drover:
        for number in range(active // 4):
            model = IMAGE_MODELS[number % len(IMAGE_MODELS)]
            drover.enqueue(model, prompt=f"number {number}", num_generations=4)
        until("all are at the hub", lambda: count_states(drover) == {"processing": active}, 120)
        time.sleep(WARM_UP)
        before = len(hub.ledger.requests)
        time.sleep(seconds)
        counted = Counter(request.call for request in hub.ledger.requests[before:])
    return {call: round(number * 60 / seconds, 1) for call, number in sorted(counted.items())}


if __name__ == "__main__":
    main()
