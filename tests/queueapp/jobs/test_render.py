"""Render with the built-in engine: tasks, leases, cancels, failures, and the one result of a generation."""

from collections.abc import Callable
from datetime import timedelta
from io import BytesIO
from pathlib import Path

import pytest
from django.db import OperationalError
from django.utils import timezone
from PIL import Image, ImageStat

from queueapp import engine
from queueapp.files import storage
from queueapp.jobs import render
from queueapp.models import Connection, Generation, Input, Lease, Namespace, Result
from queueapp.poller import job_tasks, loop
from queueapp.services import accounts, coordination, generations, inputs
from queueapp.services.lifecycle import render_leases
from queueapp.services.lifecycle.transitions import transition
from queueapp.states import State
from tests import factories


@pytest.fixture
def enqueued(monkeypatch) -> list[str]:
    """The ids of the generations for which render tasks were enqueued."""
    ids: list[str] = []
    monkeypatch.setattr(job_tasks, "async_task", lambda _, generation_id, **__: ids.append(generation_id))
    return ids


@pytest.fixture
def tick(db, enqueued) -> Callable[[], list[str]]:
    """Tick the poller once, and return the ids for which it enqueued render tasks."""
    fence = coordination.acquire_lease("test")
    assert fence is not None

    def tick_once() -> list[str]:
        enqueued.clear()
        loop.tick(fence)
        return list(enqueued)

    return tick_once


@pytest.fixture
def instant_engine(monkeypatch) -> None:
    """An engine that takes no time. Other tests are about its images."""
    use_engine(monkeypatch, lambda checkpoint: checkpoint())


def use_engine(monkeypatch, during: Callable[[Callable[[], None]], object]) -> None:
    """Replace the engine by one that calls `during(checkpoint)` and returns a small image."""

    def render_image(model_name, params, *, variation, folder, checkpoint, input_image=None):
        during(checkpoint)
        path = factories.image_file().rename(folder / "result.png")
        return engine.Rendering(path, "image/png", 64, 48, None)

    monkeypatch.setattr(engine, "render", render_image)


def state_of(generation: Generation) -> str:
    generation.refresh_from_db()
    return generation.state


def stored_files(folder: Path) -> list[str]:
    """Return the suffixes of the files in the storage."""
    return sorted(path.suffix for path in folder.rglob("*") if path.is_file() and "media" in path.parts)


def expire_leases() -> None:
    Generation.objects.live().update(lease_expires_at=timezone.now() - timedelta(seconds=1))


def test_a_prompt_becomes_an_image(alice, tick):
    generation = factories.enqueue(alice)[0]
    for generation_id in tick():
        render.render_generation(generation_id)
    assert state_of(generation) == State.SUCCEEDED
    assert generation.result.content_type == "image/png"
    assert generation.result.thumbnail


# Tasks


def test_the_tick_that_releases_generations_also_enqueues_their_tasks(alice, tick):
    queued = factories.enqueue(alice, count=3)
    assert sorted(tick()) == sorted(str(generation.pk) for generation in queued)


def test_no_second_task_is_enqueued_while_a_worker_may_still_start_the_first(alice, tick):
    factories.enqueue(alice)
    assert tick()
    assert tick() == []


def test_a_task_that_no_worker_has_started_is_enqueued_again(alice, tick):
    factories.enqueue(alice)
    tick()
    expire_leases()
    assert len(tick()) == 1


def test_only_a_few_tasks_wait_in_the_queue_at_once(alice, tick):
    Connection.objects.update(capacity=40)
    for _ in range(5):
        factories.enqueue(alice, count=4)
    assert len(tick()) == job_tasks.MAX_WAITING_TASKS


def test_a_free_slot_is_given_to_the_next_generation(alice, tick):
    queued = [factories.enqueue(alice)[0] for _ in range(5)]
    tick()
    assert state_of(queued[4]) == State.QUEUED
    generations.cancel(queued[0], alice)
    tick()
    tick()
    assert state_of(queued[4]) == State.PROCESSING


def test_a_generation_is_not_lost_if_the_poller_dies_before_it_enqueues_the_task(alice, tick):
    generation = factories.generation(alice, State.SUBMITTING)
    assert tick() == [str(generation.pk)]
    assert state_of(generation) == State.PROCESSING


def test_an_error_at_one_connection_does_not_stop_the_others(alice, tick, caplog):
    queued = factories.enqueue(alice)[0]
    broken = Connection.objects.create(name="broken", priority=99)
    factories.enqueue(alice, factories.hub_model(broken).name)
    old = factories.generation(alice)
    factories.age(old, hours=25)

    def visit(connection, fence):
        raise ZeroDivisionError(connection.name)

    loop.tick(Lease.objects.get().fence, visit)
    assert state_of(queued) == State.PROCESSING
    assert state_of(old) == State.EXPIRED
    assert "serving connection broken failed" in caplog.text


def test_an_enqueue_succeeds_even_if_it_cannot_wake_the_poller(
    alice, monkeypatch, django_capture_on_commit_callbacks
):
    def fail():
        raise OperationalError("locked")

    monkeypatch.setattr(coordination, "wake_poller", fail)
    with django_capture_on_commit_callbacks(execute=True):
        queued = factories.enqueue(alice)
    assert state_of(queued[0]) == State.QUEUED


# Leases


@pytest.mark.usefixtures("instant_engine")
def test_a_task_that_runs_several_times_gives_one_result(alice, tick, tmp_path):
    generation = factories.enqueue(alice)[0]
    tick()
    for _ in range(3):
        render.render_generation(str(generation.pk))
    assert state_of(generation) == State.SUCCEEDED
    assert generation.attempts == 1
    assert Result.objects.count() == 1
    assert stored_files(tmp_path) == [".png", ".webp"]


@pytest.mark.usefixtures("instant_engine")
def test_a_worker_that_lost_its_lease_adds_no_second_result(alice, tick, tmp_path):
    generation = factories.generation(alice, State.PROCESSING)
    slow = render_leases.acquire(str(generation.pk), "slow")
    expire_leases()
    render.render_generation(str(generation.pk))
    with pytest.raises(engine.Stopped):
        render._render(slow, "slow")
    assert state_of(generation) == State.SUCCEEDED
    assert stored_files(tmp_path) == [".png", ".webp"]


def test_two_workers_never_render_the_same_generation(alice):
    generation = factories.generation(alice, State.PROCESSING)
    assert render_leases.acquire(str(generation.pk), "first")
    assert render_leases.acquire(str(generation.pk), "second") is None


def test_another_worker_renders_the_generation_of_a_dead_one(alice, tick):
    generation = factories.generation(alice, State.PROCESSING)
    render_leases.acquire(str(generation.pk), "dead")
    assert tick() == []
    expire_leases()
    assert tick() == [str(generation.pk)]
    leased = render_leases.acquire(str(generation.pk), "alive")
    assert leased is not None
    assert leased.attempts == 2


def test_a_generation_whose_workers_keep_dying_fails_with_a_reason(alice, tick):
    generation = factories.generation(alice, State.PROCESSING)
    for attempt in range(render_leases.MAX_ATTEMPTS):
        assert render_leases.acquire(str(generation.pk), f"dead {attempt}")
        expire_leases()
        tick()
    assert state_of(generation) == State.FAILED
    assert "died 3 times" in generation.reason


def test_a_stop_of_the_worker_does_not_count_as_an_attempt(alice, tick, monkeypatch):
    monkeypatch.setenv(render_leases.SUPERVISOR_VARIABLE, "supervisor")
    generation = factories.generation(alice, State.PROCESSING)
    render_leases.acquire(str(generation.pk), render_leases.new_lease_token())
    render_leases.release_all("another supervisor")
    assert tick() == []
    render_leases.release_all("supervisor")
    generation.refresh_from_db()
    assert generation.attempts == 0
    assert tick() == [str(generation.pk)]


# Cancels


def test_a_cancel_stops_a_running_render(alice, monkeypatch, tmp_path):
    generation = factories.generation(alice, State.PROCESSING)

    def cancel(checkpoint):
        checkpoint()
        generations.cancel(Generation.objects.get(pk=generation.pk), alice)
        checkpoint.renew()
        raise AssertionError("It continued after the cancel.")

    use_engine(monkeypatch, cancel)
    render.render_generation(str(generation.pk))
    assert state_of(generation) == State.CANCELLED
    assert generation.events.last().text == "While it was running."
    assert stored_files(tmp_path) == []


def test_a_cancel_at_the_end_of_a_render_still_counts(alice, monkeypatch, tmp_path):
    generation = factories.generation(alice, State.PROCESSING)
    use_engine(monkeypatch, lambda _: generations.cancel(Generation.objects.get(pk=generation.pk), alice))
    render.render_generation(str(generation.pk))
    assert state_of(generation) == State.CANCELLED
    assert not Result.objects.exists()
    assert stored_files(tmp_path) == []


def test_a_cancel_before_a_worker_starts_ends_the_generation_at_the_next_tick(alice, tick):
    generation = factories.enqueue(alice)[0]
    tick()
    generations.cancel(generation, alice)
    assert tick() == []
    assert state_of(generation) == State.CANCELLED


# Failures


def test_invalid_parameters_fail_with_the_reason(alice, tick):
    generation = factories.enqueue(alice, aspect_ratio="1:7", unknown="ignored")[0]
    for generation_id in tick():
        render.render_generation(generation_id)
    assert state_of(generation) == State.FAILED
    assert generation.reason.startswith("The model rejected the parameters. aspect_ratio: Must be one of")
    assert "unknown" not in generation.reason


def test_shots_that_are_too_long_together_fail_with_the_reason(alice, tick):
    shots = [{"prompt": "dawn", "duration": 10}, {"prompt": "dusk", "duration": 10}]
    caller = generations.Caller(alice)
    generation = generations.enqueue(caller, "sketch-video", {"multi_prompt": shots})[0]
    for generation_id in tick():
        render.render_generation(generation_id)
    assert state_of(generation) == State.FAILED
    assert "15" in generation.reason
    assert generation.category == "parameters"


def test_an_error_of_the_engine_fails_the_generation_and_is_kept_for_the_admin(alice, monkeypatch, caplog):
    generation = factories.generation(alice, State.PROCESSING)

    def fail(_):
        raise ZeroDivisionError("no light")

    use_engine(monkeypatch, fail)
    render.render_generation(str(generation.pk))
    assert state_of(generation) == State.FAILED
    assert generation.reason == "The built-in engine failed."
    assert "no light" in generation.raw_reason
    assert "no light" in caplog.text


def test_a_rejected_transition_changes_no_version(alice):
    generation = factories.generation(alice, State.FAILED)
    version = Namespace.objects.get(owner=alice).version
    assert not transition(generation, State.CANCELLED)
    assert Namespace.objects.get(owner=alice).version == version


def uploaded(owner, colour: str) -> str:
    """Upload an image of one colour, and return the reference to it."""
    row = inputs.save_upload(accounts.get_or_create_namespace(owner), BytesIO(factories.png(colour)))
    return inputs.build_reference(row.pk)


def test_a_given_image_is_the_basis_of_the_result(alice, tick):
    for colour in ("red", "blue"):
        factories.enqueue(alice, prompt="a wall", seed=1, image_url=uploaded(alice, colour))
    for generation_id in tick():
        render.render_generation(generation_id)
    red, blue = Result.objects.order_by("generation__enqueued_at")
    assert mean_colour(red)[0] > mean_colour(blue)[0] + 20
    assert mean_colour(blue)[2] > mean_colour(red)[2] + 20


def mean_colour(result: Result) -> list[float]:
    with storage.open_file(result.file) as file, Image.open(file) as image:
        return ImageStat.Stat(image.convert("RGB")).mean


@pytest.mark.parametrize(
    ("image_url", "reason"),
    [
        ("https://example.com/a.png", "The built-in engine takes uploaded images only, not web addresses."),
        ("gone", "An image or video that this submission uses is no longer stored. Choose it again."),
    ],
)
def test_an_image_that_cannot_be_read_fails_the_generation_with_the_reason(alice, tick, image_url, reason):
    if image_url == "gone":
        image_url = uploaded(alice, "red")
    generation = factories.enqueue(alice, prompt="a wall", image_url=image_url)[0]
    Input.objects.all().delete()
    for generation_id in tick():
        render.render_generation(generation_id)
    generation.refresh_from_db()
    assert (generation.state, generation.reason) == ("failed", reason)
