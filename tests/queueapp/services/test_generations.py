import base64

import pytest
from django.core.files.storage import default_storage
from django.utils import timezone

from queueapp.errors import BadCount, BadRequest, ModelNotFound, NamespaceNotFound, NotFound, NotMediaModel
from queueapp.models import Generation, Input, Lease, Submission
from queueapp.services import generations
from queueapp.services.generations import Caller
from queueapp.states import LIVE, State
from tests import factories

PIXEL = "data:image/png;base64," + base64.b64encode(factories.png()).decode()


def test_a_submission_is_stored_with_its_parameters_untouched(alice):
    params = {"prompt": "a cat", "seed": 7, "odd": {"nested": [1, 2.5, None, True, "ü"]}}
    made = generations.enqueue(Caller(alice), "sketch-image", params, num_generations=3)
    submission = Submission.objects.get()
    assert submission.params == params
    assert submission.prompt == "a cat"
    assert [generation.ordinal for generation in made] == [0, 1, 2]
    assert {generation.state for generation in made} == {State.QUEUED}
    assert {generation.namespace.name for generation in made} == {"alice"}


@pytest.mark.parametrize("count", [0, 5, -1, True, "2", 1.5, 2.0, None, []])
def test_a_wrong_number_of_generations_is_refused_in_the_documented_words(alice, count):
    with pytest.raises(BadCount, match="num_generations must be an integer between 1 and 4"):
        generations.enqueue(Caller(alice), "sketch-image", {}, num_generations=count)
    assert not Submission.objects.exists()


@pytest.mark.parametrize(
    ("model", "error"),
    [("no-such-model", ModelNotFound), ("sketch-text", NotMediaModel), ("", ModelNotFound)],
)
def test_a_model_that_cannot_make_media_is_refused(alice, model, error):
    with pytest.raises(error):
        generations.enqueue(Caller(alice), model, {})
    assert not Submission.objects.exists()


def test_a_model_can_be_asked_for_at_one_connection(alice):
    made = generations.enqueue(Caller(alice), "builtin/sketch-image", {"prompt": "a"})
    assert made[0].model == factories.model()


def test_a_model_switched_off_cannot_be_asked_for(alice):
    model = factories.model()
    model.enabled = False
    model.save()
    with pytest.raises(ModelNotFound):
        generations.enqueue(Caller(alice), "sketch-image", {"prompt": "a"})


def test_somebody_elses_namespace_is_not_found(alice, bob):
    with pytest.raises(NamespaceNotFound):
        generations.enqueue(Caller(alice), "sketch-image", {}, target_namespace="bob")
    assert not Submission.objects.exists()


def test_a_data_uri_is_kept_as_a_file_and_named_in_its_place(alice):
    params = {"prompt": "data: the new oil", "input_images": [PIXEL, "https://example.org/a.png"]}
    generations.enqueue(Caller(alice), "sketch-image", params)
    kept = Submission.objects.get().params
    stored = Input.objects.get()
    assert kept == {
        "prompt": "data: the new oil",
        "input_images": [f"drover-input:{stored.pk}", "https://example.org/a.png"],
    }
    with default_storage.open(stored.file) as file:
        assert file.read() == factories.png()


def test_an_input_can_be_named_again_by_its_owner_only(alice, bob):
    generations.enqueue(Caller(alice), "sketch-image", {"prompt": "a", "image": PIXEL})
    named = {"prompt": "b", "image": f"drover-input:{Input.objects.get().pk}"}
    generations.enqueue(Caller(alice), "sketch-image", named)
    for caller, params in ((bob, named), (alice, {"image": "drover-input:nonsense"})):
        with pytest.raises(BadRequest, match="There is no input"):
            generations.enqueue(Caller(caller), "sketch-image", params)
    assert Submission.objects.count() == 2


def test_a_submission_that_is_refused_leaves_no_file_behind(alice, tmp_path):
    broken = {"prompt": "a", "one": PIXEL, "two": "data:image/png;base64,*broken*"}
    with pytest.raises(BadRequest):
        generations.enqueue(Caller(alice), "sketch-image", broken)
    assert not Input.objects.exists()
    assert not list(tmp_path.rglob("*.bin"))


def test_what_waits_is_cancelled_at_once(alice):
    generation = factories.generation(alice)
    generations.cancel(generation, alice)
    generation.refresh_from_db()
    assert generation.state == State.CANCELLED
    assert generation.events.last().user == alice


@pytest.mark.parametrize("state", [state for state in LIVE if state != State.QUEUED])
def test_what_a_backend_has_is_asked_to_stop(alice, state):
    generation = factories.generation(alice, state)
    generations.cancel(generation, alice)
    generation.refresh_from_db()
    assert generation.state == state
    assert generation.is_cancelling


@pytest.mark.parametrize("state", list(State))
def test_nothing_is_cancelled_twice(alice, state):
    generation = factories.generation(alice, state)
    if state in LIVE:
        generations.cancel(generation, alice)
    with pytest.raises(NotFound):
        generations.cancel(generation, alice)


def test_everything_expires_after_24_hours_whatever_it_does(alice):
    old = [factories.generation(alice, state) for state in LIVE]
    young = factories.generation(alice)
    for generation in old:
        factories.age(generation, hours=24, seconds=1)
    factories.age(young, hours=23, minutes=59)
    generations.expire_old(timezone.now())
    states = Generation.objects.values_list("state", flat=True)
    assert sorted(states) == ["expired"] * len(old) + ["queued"]
    assert Generation.objects.filter(state="expired", reason="").count() == 0


def test_an_enqueue_rings_the_pumps_bell(alice, django_capture_on_commit_callbacks):
    before = Lease.objects.get(name="poller").wakeups
    with django_capture_on_commit_callbacks(execute=True):
        factories.enqueue(alice)
    assert Lease.objects.get(name="poller").wakeups == before + 1


def test_one_generation_is_found_by_its_owner_only(alice, bob):
    generation = factories.generation(alice)
    assert generations.get_generation(generation.pk, alice) == generation
    with pytest.raises(NotFound):
        generations.get_generation(generation.pk, bob)
