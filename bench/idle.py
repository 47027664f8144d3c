"""CPU that an idle pump takes, against an idle cluster of django-q2 that does nothing.

    .venv/bin/python -m bench.idle [seconds]

The pump's cluster with a hub that nothing goes at, and the rendering cluster beside it, over the same time.
"""

import sys
import time

from bench.team import Hub, drover, until


def main() -> None:
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 60.0
    with Hub("current") as hub, drover(hub, capacity=8) as running:
        until(
            "both clusters run",
            lambda: all(len(running.named("cluster", one)) > 2 for one in ("poller", "jobs")),
        )
        time.sleep(10)
        before = {name: used(running, name) for name in ("poller", "jobs")}
        time.sleep(seconds)
        share = {name: (used(running, name) - before[name]) / seconds for name in before}
    print(f"idle pump cluster {share['poller']:.2%} of a core, idle rendering cluster {share['jobs']:.2%}")
    print(f"ratio {share['poller'] / share['jobs']:.1f}")


def used(running, name: str) -> float:
    """Seconds of CPU that a cluster's processes have used."""
    times = [process.cpu_times() for process in running.named("cluster", name)]
    return sum(time.user + time.system for time in times)


if __name__ == "__main__":
    main()
