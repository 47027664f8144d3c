"""What the pages cost, in CPU, against a bare signed-in view in the same process and run.

.venv/bin/python -m bench.pages
"""

import statistics
import time
from collections.abc import Callable
from http.cookies import SimpleCookie

from bench import people  # sets Django up

from django.test import Client

ROUNDS = 12
CALLS = 40


def client(cookie: str) -> Client:
    made = Client(headers={"host": "localhost"})
    made.cookies = SimpleCookie(cookie)
    return made


def cost(call: Callable[[], object]) -> float:
    """CPU seconds of one call."""
    start = time.process_time()
    for _ in range(CALLS):
        call()
    return (time.process_time() - start) / CALLS


def main() -> None:
    people.prepare()
    browser = client(people.person("alice", history=1000))
    poll = f"/generations/changes/?since={people.token_of('alice')}"
    calls: dict[str, Callable[[], object]] = {
        "bare signed-in view": lambda: browser.get("/bare/"),
        "50-row table": lambda: browser.get("/"),
        "unchanged poll": lambda: browser.get(poll),
    }
    assert browser.get("/bare/").content == b"ok"
    assert browser.get("/").content.count(b'id="generation-') == 50
    assert browser.get(poll).status_code == 204
    costs: dict[str, list[float]] = {name: [] for name in calls}
    for _ in range(ROUNDS):
        for name, call in calls.items():
            costs[name].append(cost(call))
    bare = statistics.median(costs["bare signed-in view"])
    print(f"{'':22} {'CPU ms':>8} {'x bare':>8} {'of its requests a second':>26}")
    for name, seconds in costs.items():
        typical = statistics.median(seconds)
        print(f"{name:22} {typical * 1000:8.2f} {typical / bare:8.2f} {bare / typical:26.2f}")


if __name__ == "__main__":
    main()
