from datetime import timedelta

import pytest
from django.db import OperationalError
from django.test import Client
from django.utils import timezone

from queueapp.models import Heartbeat
from queueapp.services import coordination


@pytest.fixture
def at_work(db) -> None:
    coordination.acquire_lease("poller")
    coordination.record_heartbeat(coordination.JOBS)


@pytest.mark.usefixtures("at_work")
def test_all_is_well_when_web_database_and_worker_are_alive():
    answer = Client().get("/healthz")
    assert answer.status_code == 200
    assert answer.json() == {"status": "ok", "web": "ok", "database": "ok", "worker": "ok"}


@pytest.mark.parametrize("part", ["poller", "jobs"])
@pytest.mark.usefixtures("at_work")
def test_a_silent_part_of_the_worker_is_told(part):
    long_ago = timezone.now() - timedelta(minutes=5)
    if part == "poller":
        Heartbeat.objects.filter(name="poller").update(at=long_ago)
    else:
        Heartbeat.objects.filter(name="jobs").update(at=long_ago)
    answer = Client().get("/healthz")
    assert answer.status_code == 503
    assert answer.json()["worker"] == "down"


def test_a_worker_that_never_ran_is_down(db):
    assert Client().get("/healthz").json()["worker"] == "down"


@pytest.mark.usefixtures("at_work")
def test_a_database_that_does_not_answer_is_told(monkeypatch):
    def gone(_):
        raise OperationalError("gone")

    monkeypatch.setattr(coordination, "seconds_since_heartbeat", gone)
    answer = Client().get("/healthz")
    assert answer.status_code == 503
    assert answer.json() == {"status": "down", "web": "ok", "database": "down", "worker": "unknown"}
