"""The health check tells monitors whether web, database and worker are alive."""

from datetime import timedelta

import pytest
from django.db import OperationalError
from django.test import Client
from django.utils import timezone

from queueapp.models import Heartbeat
from queueapp.services import coordination


@pytest.fixture
def running_worker(db) -> None:
    coordination.acquire_lease("poller")
    coordination.record_heartbeat(coordination.JOBS)


@pytest.mark.usefixtures("running_worker")
def test_the_check_passes_while_web_database_and_worker_are_alive() -> None:
    response = Client().get("/healthz")
    assert response.status_code == 200
    assert response.json() == {"status": "ok", "web": "ok", "database": "ok", "worker": "ok"}


@pytest.mark.parametrize("name", [coordination.POLLER, coordination.JOBS])
@pytest.mark.usefixtures("running_worker")
def test_the_check_fails_when_a_part_of_the_worker_stops(name: str) -> None:
    Heartbeat.objects.filter(name=name).update(at=timezone.now() - timedelta(minutes=5))
    response = Client().get("/healthz")
    assert response.status_code == 503
    assert response.json() == {"status": "down", "web": "ok", "database": "ok", "worker": "down"}


def test_the_check_fails_before_a_worker_has_started(db) -> None:
    response = Client().get("/healthz")
    assert response.status_code == 503
    assert response.json()["worker"] == "down"


@pytest.mark.usefixtures("running_worker")
def test_the_check_fails_when_the_database_does_not_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_: str) -> float:
        raise OperationalError("gone")

    monkeypatch.setattr(coordination, "seconds_since_heartbeat", fail)
    response = Client().get("/healthz")
    assert response.status_code == 503
    assert response.json() == {"status": "down", "web": "ok", "database": "down", "worker": "unknown"}
