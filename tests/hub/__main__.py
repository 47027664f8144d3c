"""The stand-in hub by hand: `python -m tests.hub --revision current --misbehave 0.2 --seed 7`.

Its first line is its address; its ledger, as JSON, is at /_ledger.
"""

import argparse
import signal
import threading
from decimal import Decimal

from tests.hub.server import Hub
from tests.hub.world import KEY


def main() -> None:
    asked = argparse.ArgumentParser(prog="python -m tests.hub")
    asked.add_argument("--port", type=int, default=0)
    asked.add_argument("--revision", choices=("classic", "bridge", "current"), default="current")
    asked.add_argument("--key", default=KEY)
    asked.add_argument("--namespace", default="alice")
    asked.add_argument("--seconds", type=float, nargs=2, default=(0.5, 2.0), metavar=("LEAST", "MOST"))
    asked.add_argument("--misbehave", type=float, default=0.0, help="share of calls that go wrong, 0 to 1")
    asked.add_argument("--hang-seconds", type=float, default=0.5)
    asked.add_argument("--seed", type=int, default=0)
    asked.add_argument("--credits", type=Decimal)
    given = asked.parse_args()
    stop = threading.Event()
    for name in (signal.SIGINT, signal.SIGTERM):
        signal.signal(name, lambda *_: stop.set())
    with Hub(
        revision=given.revision,
        port=given.port,
        keys={given.key: given.namespace},
        credits=None if given.credits is None else {given.namespace: given.credits},
        seconds=tuple(given.seconds),
        misbehave=given.misbehave,
        hang_seconds=given.hang_seconds,
        seed=given.seed,
    ) as hub:
        print(hub.url, flush=True)
        stop.wait()


if __name__ == "__main__":
    main()
