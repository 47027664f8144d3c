"""What the length of the history costs: queries and time of the table, its poll and the status list.

.venv/bin/python -m bench.history
"""

import statistics
import time
from collections.abc import Callable
from functools import partial

from bench import people  # sets Django up

from django.contrib.auth.models import User
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from bench.pages import client
from queueapp.services import accounts

#: Ended generations of one person; four more are going. Times are told against the second one, because a
#: page of ten rows is no page of fifty.
LENGTHS = (10, 1_000, 100_000)
ROUNDS = 20


def asked(call: Callable[[], object]) -> tuple[int, float]:
    """Queries of one call, and the median of its seconds with nothing kept from the call before."""
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


def script(name: str) -> Client:
    _, secret = accounts.create_token(User.objects.get(username=name), "bench")
    return Client(headers={"Authorization": f"Bearer {secret}", "Host": "localhost"})


def calls_of(name: str, length: int) -> dict[str, Callable[[], object]]:
    browser, api = client(people.person(name, length, going=4)), script(name)
    poll = f"/generations/changes/?since={people.token_of(name)}"
    return {
        "the table": partial(browser.get, "/"),
        "the table, what is going": partial(browser.get, "/?state=active"),
        "the table, searched, no match": partial(browser.get, "/?q=zebra"),
        "an unchanged poll": partial(browser.get, poll),
        "the status list": partial(api.get, f"/api/media/generations/status/{name}/sketch-image"),
    }


def main() -> None:
    people.prepare()
    measured = {
        length: {what: asked(call) for what, call in calls_of(f"person{length}", length).items()}
        for length in LENGTHS
    }
    print(f"{'generations':>12}  {'':30} {'queries':>8} {f'x of {LENGTHS[1]:,}':>12}")
    for length, answers in measured.items():
        for what, (queries, seconds) in answers.items():
            ratio = seconds / measured[LENGTHS[1]][what][1]
            print(f"{length:12,}  {what:30} {queries:8} {ratio:12.2f}")


if __name__ == "__main__":
    main()
