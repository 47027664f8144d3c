from datetime import timedelta

import pytest
from django.utils import timezone

from queueapp.models import Lease
from queueapp.poller import loop
from queueapp.services import coordination


@pytest.fixture
def no_ticks(monkeypatch) -> list[int]:
    """Ticks are counted, not done."""
    ticks: list[int] = []
    monkeypatch.setattr(loop, "tick", lambda fence, _: ticks.append(fence))
    monkeypatch.setattr(loop, "WAKEUP_CHECK_INTERVAL", 0.001)
    monkeypatch.setattr(loop, "STANDBY_INTERVAL", 0.001)
    return ticks


@pytest.fixture
def started(monkeypatch) -> list[str]:
    """The tasks that were put on django-q2's queues."""
    tasks: list[str] = []
    monkeypatch.setattr(coordination, "async_task", lambda name, **_: tasks.append(name))
    return tasks


def test_one_pump_holds_the_lease_and_the_others_do_not(db):
    assert coordination.acquire_lease("one")
    assert coordination.acquire_lease("two") is None


def test_a_lease_that_was_not_renewed_goes_to_the_next_with_a_higher_fence(db):
    first = coordination.acquire_lease("one")
    Lease.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    second = coordination.acquire_lease("two")
    assert second > first
    assert not coordination.renew_lease(first)
    assert not coordination.confirm_lease(first)
    assert not coordination.release_lease(first)
    assert coordination.renew_lease(second)


def test_a_lease_given_up_is_free_at_once(db):
    coordination.release_lease(coordination.acquire_lease("one"))
    assert coordination.acquire_lease("two")


def test_a_pump_ticks_hands_over_and_starts_its_successor(db, no_ticks, started):
    loop.new_poller_loop().run(0.01)
    assert len(no_ticks) == 1
    assert started == ["queueapp.tasks.run_poller"]
    assert coordination.acquire_lease("next")


def test_a_bell_makes_the_pump_tick_at_once(db, monkeypatch, no_ticks, started):
    def tick(*_):
        no_ticks.append(0)
        if len(no_ticks) < 3:
            coordination.wake_poller()

    monkeypatch.setattr(loop, "tick", tick)
    loop.new_poller_loop().run(0.2)
    assert len(no_ticks) == 3


def test_a_pump_that_lost_its_lease_leaves_without_a_successor(db, monkeypatch, no_ticks, started):
    def steal(*_):
        Lease.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
        assert coordination.acquire_lease("thief")
        coordination.wake_poller()

    monkeypatch.setattr(loop, "tick", steal)
    loop.new_poller_loop().run(5)
    assert started == []
    assert Lease.objects.get().holder == "thief"


def test_everybody_leaves_when_asked_to(db, no_ticks, started):
    coordination.request_stop(True)
    loop.new_poller_loop().run(5)
    assert no_ticks == []
    assert started == []
    coordination.request_stop(False)
    loop.new_poller_loop().run(0.01)
    assert len(no_ticks) == 1


def test_a_pump_stands_by_while_another_pumps(db, no_ticks, started):
    coordination.acquire_lease("leader")
    loop.new_poller_loop().run(0.01)
    assert no_ticks == []
    assert Lease.objects.get().holder == "leader"


def test_signs_of_life_are_told_in_seconds(db):
    assert coordination.seconds_since_heartbeat("poller") is None
    assert coordination.seconds_since_heartbeat("jobs") is None
    coordination.acquire_lease("one")
    coordination.record_heartbeat("jobs")
    assert coordination.seconds_since_heartbeat("poller") < 1
    assert coordination.seconds_since_heartbeat("jobs") < 1


def test_handing_over_the_lease_is_no_silence(db):
    coordination.release_lease(coordination.acquire_lease("one"))
    assert coordination.seconds_since_heartbeat("poller") < 1


def test_a_pump_stays_on_for_a_hubs_answer_and_sees_to_everything_else_meanwhile(db, no_ticks, started):
    running = loop.new_poller_loop()
    answers = iter([True, True, True, False])

    class Lanes:
        follow_up = staticmethod(coordination.wake_poller)

        @property
        def busy(self) -> bool:
            return next(answers, False)

    running.lanes = Lanes()
    running.run(0.0)
    assert len(no_ticks) == 3
    assert started == ["queueapp.tasks.run_poller"]
