"""Measure the CPU time of an idle poller, relative to an idle django-q2 cluster that does nothing.

    .venv/bin/python -m bench.idle [seconds]

Both clusters of one instance are measured at the same time. Its hub has no generations.
"""

import sys
import time

from bench.instance import Drover, Hub, run_drover, until

CLUSTERS = ("poller", "jobs")
#: Seconds after the start that are not measured.
WARM_UP = 10


def main() -> None:
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 60.0
    with Hub("current") as hub, run_drover(hub, capacity=8) as drover:
        until("both clusters run", lambda: all(len(drover.named("cluster", name)) > 2 for name in CLUSTERS))
        time.sleep(WARM_UP)
        before = {name: cpu_seconds(drover, name) for name in CLUSTERS}
        time.sleep(seconds)
        share = {name: (cpu_seconds(drover, name) - before[name]) / seconds for name in CLUSTERS}
    print(f"idle poller cluster {share['poller']:.2%} of a core, idle jobs cluster {share['jobs']:.2%}")
    print(f"ratio {share['poller'] / share['jobs']:.1f}")


def cpu_seconds(drover: Drover, cluster: str) -> float:
    """Return the CPU seconds that a cluster's processes have used."""
    times = [process.cpu_times() for process in drover.named("cluster", cluster)]
    return sum(time.user + time.system for time in times)


if __name__ == "__main__":
    main()
