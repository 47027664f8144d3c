"""Run the stand-in hub: `python -m tests.hub --revision current --misbehave 0.2 --seed 7`.

It prints its address first. Its ledger is at /_ledger, as JSON.
"""

import argparse
import signal
import threading
from decimal import Decimal

from tests.hub.server import Hub
from tests.hub.world import KEY


def main() -> None:
    options = _parse_arguments()
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    with Hub(
        revision=options.revision,
        port=options.port,
        keys={options.key: options.namespace},
        credits=None if options.credits is None else {options.namespace: options.credits},
        seconds=tuple(options.seconds),
        misbehave=options.misbehave,
        hang_seconds=options.hang_seconds,
        seed=options.seed,
    ) as hub:
        print(hub.url, flush=True)
        stop.wait()


def _parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.hub")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--revision", choices=("classic", "bridge", "current"), default="current")
    parser.add_argument("--key", default=KEY)
    parser.add_argument("--namespace", default="alice")
    parser.add_argument("--seconds", type=float, nargs=2, default=(0.5, 2.0), metavar=("LEAST", "MOST"))
    parser.add_argument("--misbehave", type=float, default=0.0, help="share of calls that fail, 0 to 1")
    parser.add_argument("--hang-seconds", type=float, default=0.5)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--credits", type=Decimal)
    return parser.parse_args()


if __name__ == "__main__":
    main()
