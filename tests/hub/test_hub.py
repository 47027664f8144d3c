"""The stand-in hub records the truth, and fails in the same way for the same seed."""

import subprocess
import sys
from decimal import Decimal
from pathlib import Path

import pytest
import requests

from queueapp.upstream.client import Client
from queueapp.upstream.errors import UpstreamError
from tests.hub import misbehaviour as mis
from tests.hub.server import Hub, until
from tests.hub.world import KEY

TIMEOUTS = (5.0, 5.0)


def test_a_generation_ends_by_itself_when_it_is_due_and_not_before():
    with Hub(seconds=(0.01, 0.02)) as hub:
        first = hub.make("flux-1-dev", {})
        until(lambda: not hub.ledger.live)
        assert 0.009 < first.ended_at - first.enqueued_at < 1.0
    with Hub(seconds=(5.0, 6.0)) as hub:
        second = hub.make("flux-1-dev", {})
        assert second.live
        hub.advance(6.0)
        assert second.state == "succeeded"


def test_the_ledger_shows_which_request_created_and_billed_a_generation():
    with Hub(credits={"alice": Decimal("1.00")}) as hub, Client(hub.url, KEY, timeouts=TIMEOUTS) as client:
        hub.misbehave("enqueue", mis.status(500, worked=True), mis.status(500))
        for _ in range(2):
            with pytest.raises(UpstreamError):
                client.enqueue("google-veo-3", {"prompt": "x"}, 2)
        assert [generation.post for generation in hub.ledger.generations.values()] == [1, 1]
        assert hub.ledger.billed == Decimal("0.70")
        assert hub.credits["alice"] == Decimal("0.30")
        assert [request.misbehaved for request in hub.ledger.requests] == ["status 500", "status 500"]
        ledger = requests.get(f"{hub.url}/_ledger", timeout=5).json()
        assert [generation["post"] for generation in ledger["generations"]] == [1, 1]
        assert [request["call"] for request in ledger["requests"]] == ["enqueue", "enqueue"]
        assert ledger["billed"] == "0.70"


def test_the_same_seed_picks_the_same_failures():
    def names(seed):
        chance = mis.Chance(0.5, seed)
        plans = [chance.pick(call) for call in ("enqueue", "list", "one") * 40]
        return [plan and plan.name for plan in plans]

    assert names(1) == names(1) != names(2)
    assert 40 < sum(name is not None for name in names(1)) < 80


def test_a_failed_enqueue_creates_a_generation_only_if_its_plan_says_so():
    with Hub() as hub, Client(hub.url, KEY, timeouts=TIMEOUTS) as client:
        for plan in mis.Chance(1.0, 0, hang_seconds=0.01).plans["enqueue"]:
            hub.ledger.generations.clear()
            hub.misbehave("enqueue", plan)
            with pytest.raises(UpstreamError):
                client.enqueue("flux-1-dev", {}, 1)
            assert len(hub.ledger.generations) == int(plan.worked), plan.name


def test_it_runs_from_the_command_line_and_stops_on_a_signal():
    command = [
        sys.executable,
        "-m",
        "tests.hub",
        "--revision",
        "classic",
        "--misbehave",
        "0.0",
        "--seed",
        "3",
    ]
    root = Path(__file__).resolve().parents[2]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=root) as process:
        assert process.stdout
        url = process.stdout.readline().strip()
        with Client(url, KEY, namespace="alice", timeouts=TIMEOUTS) as client:
            assert len(client.enqueue("flux-1-dev", {"prompt": "x"}, 2).ids) == 2
        assert len(requests.get(f"{url}/_ledger", timeout=5).json()["generations"]) == 2
        process.terminate()
        assert process.wait(5) == 0
