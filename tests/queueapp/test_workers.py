from datetime import timedelta

import pytest
from django.utils import timezone

from queueapp import pump
from queueapp.models import Lease
from queueapp.services import workers


@pytest.fixture
def no_ticks(monkeypatch) -> list[int]:
    """Ticks are counted, not done."""
    ticks: list[int] = []
    monkeypatch.setattr(pump, "tick", lambda fence, _: ticks.append(fence))
    monkeypatch.setattr(pump, "LISTEN", 0.001)
    monkeypatch.setattr(pump, "STAND_BY", 0.001)
    return ticks


@pytest.fixture
def started(monkeypatch) -> list[str]:
    """The tasks that were put on django-q2's queues."""
    tasks: list[str] = []
    monkeypatch.setattr(workers, "async_task", lambda name, **_: tasks.append(name))
    return tasks


def test_one_pump_holds_the_lease_and_the_others_do_not(db):
    assert workers.take_lease("one")
    assert workers.take_lease("two") is None


def test_a_lease_that_was_not_renewed_goes_to_the_next_with_a_higher_fence(db):
    first = workers.take_lease("one")
    Lease.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    second = workers.take_lease("two")
    assert second > first
    assert not workers.renew_lease(first)
    assert not workers.assert_lease(first)
    assert not workers.give_up_lease(first)
    assert workers.renew_lease(second)


def test_a_lease_given_up_is_free_at_once(db):
    workers.give_up_lease(workers.take_lease("one"))
    assert workers.take_lease("two")


def test_a_pump_ticks_hands_over_and_starts_its_successor(db, no_ticks, started):
    pump.new_pump().run(0.01)
    assert len(no_ticks) == 1
    assert started == ["queueapp.tasks.pump"]
    assert workers.take_lease("next")


def test_a_bell_makes_the_pump_tick_at_once(db, monkeypatch, no_ticks, started):
    def tick(*_):
        no_ticks.append(0)
        if len(no_ticks) < 3:
            workers.ring()

    monkeypatch.setattr(pump, "tick", tick)
    pump.new_pump().run(0.2)
    assert len(no_ticks) == 3


def test_a_pump_that_lost_its_lease_leaves_without_a_successor(db, monkeypatch, no_ticks, started):
    def steal(*_):
        Lease.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
        assert workers.take_lease("thief")
        workers.ring()

    monkeypatch.setattr(pump, "tick", steal)
    pump.new_pump().run(5)
    assert started == []
    assert Lease.objects.get().holder == "thief"


def test_everybody_leaves_when_asked_to(db, no_ticks, started):
    workers.ask_to_stop(True)
    pump.new_pump().run(5)
    assert no_ticks == []
    assert started == []
    workers.ask_to_stop(False)
    pump.new_pump().run(0.01)
    assert len(no_ticks) == 1


def test_a_pump_stands_by_while_another_pumps(db, no_ticks, started):
    workers.take_lease("leader")
    pump.new_pump().run(0.01)
    assert no_ticks == []
    assert Lease.objects.get().holder == "leader"


def test_signs_of_life_are_told_in_seconds(db):
    assert workers.last_seen("pump") is None
    assert workers.last_seen("work") is None
    workers.take_lease("one")
    workers.beat("work")
    assert workers.last_seen("pump") < 1
    assert workers.last_seen("work") < 1


def test_handing_over_the_lease_is_no_silence(db):
    workers.give_up_lease(workers.take_lease("one"))
    assert workers.last_seen("pump") < 1


def test_a_pump_stays_on_for_a_hubs_answer_and_sees_to_everything_else_meanwhile(db, no_ticks, started):
    running = pump.new_pump()
    answers = iter([True, True, True, False])

    class Lanes:
        follow_up = staticmethod(workers.ring)

        @property
        def busy(self) -> bool:
            return next(answers, False)

    running.lanes = Lanes()
    running.run(0.0)
    assert len(no_ticks) == 3
    assert started == ["queueapp.tasks.pump"]
