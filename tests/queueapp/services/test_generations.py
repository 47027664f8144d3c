"""Enqueueing, cancelling, expiring and finding generations."""

import base64

import pytest
from django.core.files.storage import default_storage
from django.utils import timezone

from queueapp.errors import BadCount, BadRequest, ModelNotFound, NamespaceNotFound, NotFound, NotMediaModel
from queueapp.models import Event, Generation, Input, Lease, Submission
from queueapp.services import generations
from queueapp.services.generations import Caller
from queueapp.states import LIVE, State
from tests import factories

PIXEL = "data:image/png;base64," + base64.b64encode(factories.png()).decode()


def test_a_submission_is_stored_with_unchanged_parameters(alice):
    params = {"prompt": "a cat", "seed": 7, "odd": {"nested": [1, 2.5, None, True, "ü"]}}
    enqueued = generations.enqueue(Caller(alice), "sketch-image", params, num_generations=3)
    submission = Submission.objects.get()
    assert submission.params == params
    assert submission.prompt == "a cat"
    assert [generation.ordinal for generation in enqueued] == [0, 1, 2]
    assert {generation.state for generation in enqueued} == {State.QUEUED}
    assert {generation.namespace.name for generation in enqueued} == {"alice"}


@pytest.mark.parametrize("count", [0, 5, -1, True, "2", 1.5, 2.0, None, []])
def test_an_invalid_number_of_generations_is_rejected_with_the_documented_text(alice, count):
    with pytest.raises(BadCount, match="num_generations must be an integer between 1 and 4"):
        generations.enqueue(Caller(alice), "sketch-image", {}, num_generations=count)
    assert not Submission.objects.exists()


@pytest.mark.parametrize(
    ("model", "error"),
    [("no-such-model", ModelNotFound), ("sketch-text", NotMediaModel), ("", ModelNotFound)],
)
def test_a_model_that_generates_no_media_is_rejected(alice, model, error):
    with pytest.raises(error):
        generations.enqueue(Caller(alice), model, {})
    assert not Submission.objects.exists()


def test_a_model_can_be_chosen_by_connection_and_name(alice):
    enqueued = generations.enqueue(Caller(alice), "builtin/sketch-image", {"prompt": "a"})
    assert enqueued[0].model == factories.model()


def test_a_disabled_model_cannot_be_used(alice):
    model = factories.model()
    model.enabled = False
    model.save()
    with pytest.raises(ModelNotFound):
        generations.enqueue(Caller(alice), "sketch-image", {"prompt": "a"})


def test_the_namespace_of_another_user_is_not_found(alice, bob):
    with pytest.raises(NamespaceNotFound):
        generations.enqueue(Caller(alice), "sketch-image", {}, target_namespace="bob")
    assert not Submission.objects.exists()


def test_the_body_of_a_data_uri_is_stored_as_a_file_and_referenced(alice):
    params = {"prompt": "data: the new oil", "input_images": [PIXEL, "https://example.org/a.png"]}
    generations.enqueue(Caller(alice), "sketch-image", params)
    stored = Input.objects.get()
    assert Submission.objects.get().params == {
        "prompt": "data: the new oil",
        "input_images": [f"drover-input:{stored.pk}", "https://example.org/a.png"],
    }
    with default_storage.open(stored.file) as file:
        assert file.read() == factories.png()


def test_an_input_can_be_reused_by_its_owner_only(alice, bob):
    generations.enqueue(Caller(alice), "sketch-image", {"prompt": "a", "image": PIXEL})
    reused = {"prompt": "b", "image": f"drover-input:{Input.objects.get().pk}"}
    generations.enqueue(Caller(alice), "sketch-image", reused)
    for caller, params in ((bob, reused), (alice, {"image": "drover-input:nonsense"})):
        with pytest.raises(BadRequest, match="There is no input"):
            generations.enqueue(Caller(caller), "sketch-image", params)
    assert Submission.objects.count() == 2


def test_a_rejected_submission_leaves_no_file_behind(alice, tmp_path):
    broken = {"prompt": "a", "one": PIXEL, "two": "data:image/png;base64,*broken*"}
    with pytest.raises(BadRequest):
        generations.enqueue(Caller(alice), "sketch-image", broken)
    assert not Input.objects.exists()
    assert not list(tmp_path.rglob("*.bin"))


def test_a_queued_generation_is_cancelled_at_once(alice):
    generation = factories.generation(alice)
    generations.cancel(generation, alice)
    generation.refresh_from_db()
    assert generation.state == State.CANCELLED
    assert generation.events.last().user == alice


@pytest.mark.parametrize("state", [state for state in LIVE if state != State.QUEUED])
def test_a_cancel_of_a_running_generation_is_requested_from_the_backend(alice, state):
    generation = factories.generation(alice, state)
    generations.cancel(generation, alice)
    generation.refresh_from_db()
    assert generation.state == state
    assert generation.is_cancelling
    event = generation.events.last()
    assert (event.kind, event.user) == (Event.Kind.CANCEL_REQUESTED, alice)


@pytest.mark.parametrize("state", list(State))
def test_a_generation_cannot_be_cancelled_twice(alice, state):
    generation = factories.generation(alice, state)
    if state in LIVE:
        generations.cancel(generation, alice)
    with pytest.raises(NotFound):
        generations.cancel(generation, alice)


def test_every_live_generation_expires_after_24_hours(alice):
    old = [factories.generation(alice, state) for state in LIVE]
    young = factories.generation(alice)
    for generation in old:
        factories.age(generation, hours=24, seconds=1)
    factories.age(young, hours=23, minutes=59)
    generations.expire_old(timezone.now())
    states = Generation.objects.values_list("state", flat=True)
    assert sorted(states) == ["expired"] * len(old) + ["queued"]
    expired = Generation.objects.filter(state="expired")
    assert {generation.reason for generation in expired} == {"It did not end within 24 hours."}


def test_an_enqueue_wakes_the_poller(alice, django_capture_on_commit_callbacks):
    before = Lease.objects.get(name="poller").wakeups
    with django_capture_on_commit_callbacks(execute=True):
        factories.enqueue(alice)
    assert Lease.objects.get(name="poller").wakeups == before + 1


def test_a_generation_is_found_by_its_owner_only(alice, bob):
    generation = factories.generation(alice)
    assert generations.get_generation(generation.pk, alice) == generation
    with pytest.raises(NotFound):
        generations.get_generation(generation.pk, bob)
