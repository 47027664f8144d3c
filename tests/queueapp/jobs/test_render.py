from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from django.db import OperationalError
from django.utils import timezone

from queueapp import engine
from queueapp.jobs import render
from queueapp.models import Connection, Generation, Namespace, Result
from queueapp.poller import dispatch as ringing
from queueapp.poller import loop
from queueapp.services import coordination, generations
from queueapp.services.lifecycle import render_leases
from queueapp.services.lifecycle.transitions import transition
from queueapp.states import State
from tests import factories


@pytest.fixture
def bells(monkeypatch) -> list[str]:
    """The ids of the generations that workers were told to render."""
    rung: list[str] = []
    monkeypatch.setattr(ringing, "async_task", lambda _, generation_id, **__: rung.append(generation_id))
    return rung


@pytest.fixture
def tick(db, bells) -> Callable[[], list[str]]:
    """One round of the pump; the bells it rang."""
    fence = coordination.acquire_lease("test")
    assert fence is not None

    def once() -> list[str]:
        bells.clear()
        loop.tick(fence)
        return list(bells)

    return once


@pytest.fixture
def instant(monkeypatch) -> None:
    """An engine that takes no time: what it paints is somebody else's test."""

    def paint(name, params, *, variation, folder, checkpoint):
        checkpoint()
        path = factories.picture().rename(folder / "made.png")
        return engine.Rendering(path, "image/png", 64, 48, None)

    monkeypatch.setattr(engine, "render", paint)


def state_of(generation: Generation) -> str:
    generation.refresh_from_db()
    return generation.state


def files(folder: Path) -> list[str]:
    return sorted(path.suffix for path in folder.rglob("*") if path.is_file() and "media" in path.parts)


def let_the_hold_lapse() -> None:
    past = timezone.now() - timedelta(seconds=1)
    Generation.objects.live().update(lease_expires_at=past)


def test_a_prompt_becomes_a_picture(alice, tick):
    generation = factories.enqueue(alice)[0]
    for generation_id in tick():
        render.render_generation(generation_id)
    assert state_of(generation) == State.SUCCEEDED
    assert generation.result.content_type == "image/png"
    assert generation.result.thumbnail


def test_bells_are_rung_for_what_was_released_in_the_same_round(alice, tick):
    made = factories.enqueue(alice, count=3)
    rung = tick()
    assert sorted(rung) == sorted(str(generation.pk) for generation in made)


def test_a_bell_is_not_rung_again_while_a_worker_may_still_answer_it(alice, tick):
    factories.enqueue(alice)
    assert tick()
    assert tick() == []


def test_a_bell_that_nobody_answered_is_rung_again(alice, tick):
    factories.enqueue(alice)
    tick()
    let_the_hold_lapse()
    assert len(tick()) == 1


@pytest.mark.usefixtures("instant")
def test_however_often_the_bell_rings_there_is_one_result(alice, tick, tmp_path):
    generation = factories.enqueue(alice)[0]
    tick()
    for _ in range(3):
        render.render_generation(str(generation.pk))
    assert state_of(generation) == State.SUCCEEDED
    assert generation.attempts == 1
    assert Result.objects.count() == 1
    assert files(tmp_path) == [".png", ".webp"]


@pytest.mark.usefixtures("instant")
def test_a_worker_that_wakes_up_late_adds_no_second_result(alice, tick, tmp_path):
    generation = factories.generation(alice, State.PROCESSING)
    slow = render_leases.acquire(str(generation.pk), "slow")
    let_the_hold_lapse()
    render.render_generation(str(generation.pk))
    with pytest.raises(engine.Stopped):
        render._render(slow, "slow")
    assert state_of(generation) == State.SUCCEEDED
    assert files(tmp_path) == [".png", ".webp"]


def test_two_workers_never_hold_one_generation(alice):
    generation = factories.generation(alice, State.PROCESSING)
    assert render_leases.acquire(str(generation.pk), "one")
    assert render_leases.acquire(str(generation.pk), "two") is None


def test_a_dead_workers_generation_is_taken_up_again(alice, tick):
    generation = factories.generation(alice, State.PROCESSING)
    render_leases.acquire(str(generation.pk), "dead")
    assert tick() == []
    let_the_hold_lapse()
    assert tick() == [str(generation.pk)]
    taken = render_leases.acquire(str(generation.pk), "alive")
    assert taken is not None
    assert taken.attempts == 2


def test_a_generation_whose_workers_keep_dying_fails_with_a_reason(alice, tick):
    generation = factories.generation(alice, State.PROCESSING)
    for attempt in range(render_leases.MAX_ATTEMPTS):
        assert render_leases.acquire(str(generation.pk), f"dead {attempt}")
        let_the_hold_lapse()
        tick()
    assert state_of(generation) == State.FAILED
    assert "died 3 times" in generation.reason


def test_stopping_the_worker_on_purpose_is_no_attempt(alice, tick, monkeypatch):
    monkeypatch.setenv(render_leases.SUPERVISOR_VARIABLE, "keeper")
    generation = factories.generation(alice, State.PROCESSING)
    render_leases.acquire(str(generation.pk), render_leases.new_lease_token())
    render_leases.release_all("another keeper")
    assert tick() == []
    render_leases.release_all("keeper")
    generation.refresh_from_db()
    assert generation.attempts == 0
    assert tick() == [str(generation.pk)]


def test_a_cancel_stops_a_running_render(alice, monkeypatch, tmp_path):
    generation = factories.generation(alice, State.PROCESSING)

    def paint(name, params, *, variation, folder, checkpoint):
        checkpoint()
        generations.cancel(Generation.objects.get(pk=generation.pk), alice)
        checkpoint.next_look = 0.0
        checkpoint()
        raise AssertionError("It went on after the cancel.")

    monkeypatch.setattr(engine, "render", paint)
    render.render_generation(str(generation.pk))
    assert state_of(generation) == State.CANCELLED
    assert generation.events.last().text == "While it was running."
    assert files(tmp_path) == []


def test_a_cancel_that_comes_as_the_last_stroke_is_painted_still_counts(alice, monkeypatch, tmp_path):
    generation = factories.generation(alice, State.PROCESSING)

    def paint(name, params, *, variation, folder, checkpoint):
        generations.cancel(Generation.objects.get(pk=generation.pk), alice)
        path = factories.picture().rename(folder / "made.png")
        return engine.Rendering(path, "image/png", 64, 48, None)

    monkeypatch.setattr(engine, "render", paint)
    render.render_generation(str(generation.pk))
    assert state_of(generation) == State.CANCELLED
    assert not Result.objects.exists()
    assert files(tmp_path) == []


def test_a_cancel_before_a_worker_took_it_up_ends_it_in_the_next_round(alice, tick):
    generation = factories.enqueue(alice)[0]
    tick()
    generations.cancel(generation, alice)
    assert tick() == []
    assert state_of(generation) == State.CANCELLED


def test_wrong_parameters_fail_when_it_runs_with_the_reason(alice, tick):
    generation = factories.enqueue(alice, aspect_ratio="1:7", unknown="ignored")[0]
    for generation_id in tick():
        render.render_generation(generation_id)
    assert state_of(generation) == State.FAILED
    assert "aspect_ratio: Must be one of" in generation.reason
    assert "unknown" not in generation.reason


def test_shots_that_are_too_long_together_fail_when_they_run_with_the_reason(alice, tick):
    shots = [{"prompt": "dawn", "duration": 10}, {"prompt": "dusk", "duration": 10}]
    caller = generations.Caller(alice)
    generation = generations.enqueue(caller, "sketch-video", {"multi_prompt": shots})[0]
    for generation_id in tick():
        render.render_generation(generation_id)
    assert state_of(generation) == State.FAILED
    assert "15" in generation.reason
    assert generation.category == "parameters"


def test_an_engine_that_breaks_fails_the_generation_and_keeps_its_words_for_the_admin(
    alice, monkeypatch, caplog
):
    generation = factories.generation(alice, State.PROCESSING)

    def paint(*_, **__):
        raise ZeroDivisionError("no light")

    monkeypatch.setattr(engine, "render", paint)
    render.render_generation(str(generation.pk))
    assert state_of(generation) == State.FAILED
    assert generation.reason == "The built-in engine could not make this."
    assert "no light" in generation.raw_reason
    assert "no light" in caplog.text


def test_a_pump_that_died_between_claiming_and_handing_over_loses_nothing(alice, tick):
    generation = factories.generation(alice, State.SUBMITTING)
    assert tick() == [str(generation.pk)]
    assert state_of(generation) == State.PROCESSING


def test_a_place_that_becomes_free_is_given_away(alice, tick):
    made = [factories.enqueue(alice)[0] for _ in range(5)]
    tick()
    assert state_of(made[4]) == State.QUEUED
    generations.cancel(made[0], alice)
    tick()
    tick()
    assert state_of(made[4]) == State.PROCESSING


def test_what_breaks_at_one_connection_does_not_stop_the_others(alice, tick, monkeypatch, caplog):
    made = factories.enqueue(alice)[0]
    broken = Connection.objects.create(name="broken", priority=99)
    factories.enqueue(alice, factories.hub_model(broken).name)
    old = factories.generation(alice)
    factories.age(old, hours=25)

    def visit(connection, fence):
        raise ZeroDivisionError(connection.name)

    monkeypatch.setattr(loop.threads, "visit_hub", visit)
    tick()
    assert state_of(made) == State.PROCESSING
    assert state_of(old) == State.EXPIRED
    assert "could not see to connection broken" in caplog.text


def test_an_enqueue_that_was_committed_succeeds_although_the_bell_cannot_be_rung(
    alice, monkeypatch, django_capture_on_commit_callbacks
):
    def broken():
        raise OperationalError("locked")

    monkeypatch.setattr(coordination, "wake_poller", broken)
    with django_capture_on_commit_callbacks(execute=True):
        made = factories.enqueue(alice)
    assert state_of(made[0]) == State.QUEUED


def test_bells_do_not_pile_up(alice, tick):
    Connection.objects.update(capacity=40)
    for _ in range(5):
        factories.enqueue(alice, count=4)
    assert len(tick()) == ringing.MAX_WAITING_TASKS


def test_a_change_that_is_lost_wakes_nobody(alice):
    generation = factories.generation(alice, State.FAILED)
    before = Namespace.objects.get(owner=alice).version
    assert not transition(generation, State.CANCELLED)
    assert Namespace.objects.get(owner=alice).version == before
