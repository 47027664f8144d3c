"""Measure the CPU time of pages, relative to a bare signed-in view in the same process.

.venv/bin/python -m bench.pages
"""

import statistics
import time
from collections.abc import Callable
from http.cookies import SimpleCookie

from bench import users  # sets Django up

from django.test import Client

ROUNDS = 12
CALLS_PER_ROUND = 40


def client_with(cookie: str) -> Client:
    client = Client(headers={"host": "localhost"})
    client.cookies = SimpleCookie(cookie)
    return client


def cpu_seconds(call: Callable[[], object]) -> float:
    """Return the CPU seconds of one call."""
    start = time.process_time()
    for _ in range(CALLS_PER_ROUND):
        call()
    return (time.process_time() - start) / CALLS_PER_ROUND


def main() -> None:
    users.prepare()
    browser = client_with(users.create_user("alice", ended=1000))
    poll = f"/generations/changes/?since={users.version_token('alice')}"
    calls: dict[str, Callable[[], object]] = {
        "bare signed-in view": lambda: browser.get("/bare/"),
        "50-row table": lambda: browser.get("/"),
        "unchanged poll": lambda: browser.get(poll),
    }
    assert browser.get("/bare/").content == b"ok"
    assert browser.get("/").content.count(b'id="generation-') == 50
    assert browser.get(poll).status_code == 204
    measured: dict[str, list[float]] = {name: [] for name in calls}
    for _ in range(ROUNDS):
        for name, call in calls.items():
            measured[name].append(cpu_seconds(call))
    bare = statistics.median(measured["bare signed-in view"])
    print(f"{'':22} {'CPU ms':>8} {'x bare':>8} {'requests a second, x bare':>26}")
    for name, seconds in measured.items():
        median = statistics.median(seconds)
        print(f"{name:22} {median * 1000:8.2f} {median / bare:8.2f} {bare / median:26.2f}")


if __name__ == "__main__":
    main()
