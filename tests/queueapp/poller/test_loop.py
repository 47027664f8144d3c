"""One poller at a time runs; the others stand by, and one follows another."""

from datetime import timedelta

import pytest
from django.utils import timezone

from queueapp.models import Lease
from queueapp.poller import loop
from queueapp.services import coordination


@pytest.fixture
def ticks(monkeypatch) -> list[int]:
    """Record the ticks of a loop that does not wait between them, instead of doing their work."""
    fences: list[int] = []
    monkeypatch.setattr(loop, "tick", lambda fence, _: fences.append(fence))
    monkeypatch.setattr(loop, "WAKEUP_CHECK_INTERVAL", 0.001)
    monkeypatch.setattr(loop, "STANDBY_INTERVAL", 0.001)
    return fences


@pytest.fixture
def started(monkeypatch) -> list[str]:
    """Record the tasks on django-q2's queues."""
    tasks: list[str] = []
    monkeypatch.setattr(coordination, "async_task", lambda name, **_: tasks.append(name))
    return tasks


def test_a_poller_ticks_releases_its_lease_and_starts_the_next(db, ticks, started):
    loop.new_poller_loop().run(0.01)
    assert len(ticks) == 1
    assert started == ["queueapp.tasks.run_poller"]
    assert coordination.acquire_lease("next")


def test_a_wake_up_makes_the_poller_tick_at_once(db, monkeypatch, ticks, started):
    def tick(fence, _):
        ticks.append(fence)
        if len(ticks) < 3:
            coordination.wake_poller()
        else:
            coordination.request_stop(True)

    monkeypatch.setattr(loop, "tick", tick)
    monkeypatch.setattr(loop, "TICK_INTERVAL", 60.0)
    loop.new_poller_loop().run(30.0)
    assert len(ticks) == 3


def test_a_poller_without_a_wake_up_ticks_when_the_interval_is_over(db, monkeypatch, ticks, started):
    def tick(fence, _):
        ticks.append(fence)
        if len(ticks) == 3:
            coordination.request_stop(True)

    monkeypatch.setattr(loop, "tick", tick)
    monkeypatch.setattr(loop, "TICK_INTERVAL", 0.0)
    loop.new_poller_loop().run(30.0)
    assert len(ticks) == 3


def test_a_poller_that_lost_its_lease_ends_without_starting_another(db, monkeypatch, ticks, started):
    def steal_lease(*_):
        Lease.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
        assert coordination.acquire_lease("thief")
        coordination.wake_poller()

    monkeypatch.setattr(loop, "tick", steal_lease)
    loop.new_poller_loop().run(5)
    assert started == []
    assert Lease.objects.get().holder == "thief"


def test_all_pollers_stop_on_request_until_it_is_taken_back(db, ticks, started):
    coordination.request_stop(True)
    loop.new_poller_loop().run(5)
    assert ticks == []
    assert started == []
    coordination.request_stop(False)
    loop.new_poller_loop().run(0.01)
    assert len(ticks) == 1


def test_a_poller_stands_by_while_another_holds_the_lease(db, ticks, started):
    coordination.acquire_lease("leader")
    loop.new_poller_loop().run(0.01)
    assert ticks == []
    assert Lease.objects.get().holder == "leader"


def test_a_poller_waits_for_a_hubs_response_and_does_all_other_work_meanwhile(db, ticks, started):
    poller = loop.new_poller_loop()
    busy = iter([True, True, True, False])

    class BusyThreads:
        start_requested = staticmethod(coordination.wake_poller)

        @property
        def busy(self) -> bool:
            return next(busy, False)

    poller.hub_threads = BusyThreads()
    poller.run(0.0)
    assert len(ticks) == 3
    assert started == ["queueapp.tasks.run_poller"]
