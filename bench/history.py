"""Measure how the table, its poll and the status list depend on the length of the history.

.venv/bin/python -m bench.history
"""

import statistics
import time
from collections.abc import Callable
from functools import partial

from bench import users  # sets Django up

from django.contrib.auth.models import User
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from bench.pages import client_with
from queueapp.services import accounts

#: Ended generations of one user, who has four active ones, too. Times are relative to the second length,
#: because a page of ten rows cannot be compared with one of fifty.
LENGTHS = (10, 1_000, 100_000)
ROUNDS = 20


def measure(call: Callable[[], object]) -> tuple[int, float]:
    """Return the queries of one call and the median of its seconds, both with an empty cache."""
    cache.clear()
    with CaptureQueriesContext(connection) as captured:
        call()
    queries, seconds = len(captured), []
    for _ in range(ROUNDS):
        cache.clear()
        start = time.perf_counter()
        call()
        seconds.append(time.perf_counter() - start)
    return queries, statistics.median(seconds)


def api_client(name: str) -> Client:
    _, secret = accounts.create_token(User.objects.get(username=name), "bench")
    return Client(headers={"Authorization": f"Bearer {secret}", "Host": "localhost"})


def calls_of(name: str, length: int) -> dict[str, Callable[[], object]]:
    browser = client_with(users.create_user(name, length, active=4))
    api = api_client(name)
    poll = f"/generations/changes/?since={users.version_token(name)}"
    return {
        "the table": partial(browser.get, "/"),
        "the table, active only": partial(browser.get, "/?state=active"),
        "the table, searched, no match": partial(browser.get, "/?q=zebra"),
        "an unchanged poll": partial(browser.get, poll),
        "the status list": partial(api.get, f"/api/media/generations/status/{name}/sketch-image"),
    }


def main() -> None:
    users.prepare()
    results = {
        length: {call: measure(function) for call, function in calls_of(f"user{length}", length).items()}
        for length in LENGTHS
    }
    print(f"{'generations':>12}  {'':30} {'queries':>8} {f'x of {LENGTHS[1]:,}':>12}")
    for length, calls in results.items():
        for call, (queries, seconds) in calls.items():
            ratio = seconds / results[LENGTHS[1]][call][1]
            print(f"{length:12,}  {call:30} {queries:8} {ratio:12.2f}")


if __name__ == "__main__":
    main()
