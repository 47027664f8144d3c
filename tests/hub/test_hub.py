"""The stand-in hub keeps its own promises: a truthful ledger, the same chances for the same seed."""

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


def test_what_is_due_ends_by_itself_and_no_sooner():
    with Hub(seconds=(0.01, 0.02)) as hub:
        first = hub.make("flux-1-dev", {})
        until(lambda: not hub.ledger.live)
        assert 0.009 < first.ended_at - first.at < 1.0
    with Hub(seconds=(5.0, 6.0)) as hub:
        second = hub.make("flux-1-dev", {})
        assert second.live
        hub.advance(6.0)
        assert second.state == "succeeded"


def test_the_ledger_tells_what_was_made_by_which_post_and_billed():
    with Hub(credits={"alice": Decimal("1.00")}) as hub, Client(hub.url, KEY, timeouts=(5.0, 5.0)) as client:
        hub.misbehave("enqueue", mis.status(500, worked=True), mis.status(500))
        for _ in range(2):
            with pytest.raises(UpstreamError):
                client.enqueue("google-veo-3", {"prompt": "x"}, 2)
        assert [made.post for made in hub.ledger.generations.values()] == [1, 1]
        assert hub.ledger.billed == Decimal("0.70")
        assert hub.credits["alice"] == Decimal("0.30")
        assert [asked.misbehaved for asked in hub.ledger.requests] == ["status 500", "status 500"]
        told = requests.get(f"{hub.url}/_ledger", timeout=5).json()
        assert [made["post"] for made in told["generations"]] == [1, 1]
        assert told["billed"] == "0.70"


def test_the_same_seed_goes_wrong_the_same_way():
    def run(seed):
        chance = mis.Chance(0.5, seed)
        picked = [chance.pick(call) for call in ("enqueue", "list", "one") * 40]
        return [plan and plan.name for plan in picked]

    assert run(1) == run(1) != run(2)
    assert 40 < sum(name is not None for name in run(1)) < 80


def test_nothing_is_made_by_a_plan_that_did_not_work():
    for plan in mis.Chance(1.0, 0, hang_seconds=0.01).plans["enqueue"]:
        with Hub() as hub, Client(hub.url, KEY, timeouts=(5.0, 5.0)) as client:
            hub.misbehave("enqueue", plan)
            with pytest.raises(UpstreamError):
                client.enqueue("flux-1-dev", {}, 1)
            assert len(hub.ledger.generations) == int(plan.worked), plan.name


def test_it_runs_by_hand_and_leaves_when_asked():
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
        with Client(url, KEY, namespace="alice", timeouts=(5.0, 5.0)) as client:
            assert len(client.enqueue("flux-1-dev", {"prompt": "x"}, 2).ids) == 2
        assert len(requests.get(f"{url}/_ledger", timeout=5).json()["generations"]) == 2
        process.terminate()
        assert process.wait(5) == 0
