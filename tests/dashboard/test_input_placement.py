"""Inputs move to the fields that accept them: to another model, to a new form, from a result."""

from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from queueapp.models import Connection, Generation, Input, MediaModel
from queueapp.services import catalog
from queueapp.states import State
from tests import factories, media
from tests.dashboard.media_models import create_models, store_input
from tests.pages import Form, Page, read

HTMX = {"HX-Request": "true"}


@pytest.fixture(autouse=True)
def _media_models(db) -> None:
    """Models that take inputs, and a built-in image model that takes none."""
    create_models()
    sketch = factories.model()
    sketch.request_schema["properties"].pop("image_url")
    sketch.save()


@pytest.fixture
def generation(alice: User) -> Generation:
    """A succeeded generation, with an image as its result."""
    return factories.generation(alice, State.SUCCEEDED)


def change_model(browser: Client, model: str, **fields: Any) -> Page:
    """Choose a model with scripts, with these values in the form."""
    data = {name.replace("__", "-", 1): value for name, value in fields.items()}
    return read(browser.post("/generations/params/", {"model": model, **data}, headers=HTMX))


def test_inputs_move_to_the_fields_of_another_model(alices_browser: Client, alice: User) -> None:
    image, video = store_input(alice), store_input(alice, media.mp4())

    def fields(model: str, **values: Any) -> Form:
        return change_model(alices_browser, model, **values).form("#params")

    animate = fields("animate", param__input_image=image)
    assert animate.values("param-start_image_url") == [image]
    edit = fields("edit", param__start_image_url=image, param__input_video=video)
    assert edit.values("param-input_image") == [image]
    assert edit.values("unplaced-input") == [video]
    back = fields("animate", unplaced__input=[image, video])
    assert back.values("param-start_image_url") == [image]
    assert back.values("param-input_video") == [video]
    assert back.values("unplaced-input") == []


def test_inputs_that_a_model_does_not_take_stay_in_the_form(alices_browser: Client, alice: User) -> None:
    image, video = store_input(alice), store_input(alice, media.mp4())
    page = change_model(alices_browser, "sketch-image", param__input_image=image, unplaced__input=video)
    assert sorted(page.form("#params").values("unplaced-input")) == sorted([image, video])
    assert "They stay here for the next model you choose." in page.text


def test_a_field_for_one_image_gets_the_first_of_several(alices_browser: Client, alice: User) -> None:
    first, second = store_input(alice), store_input(alice)
    fields = change_model(alices_browser, "edit", param__input_image=[first, second]).form("#params")
    assert fields.values("param-input_image") == [first]
    assert fields.values("unplaced-input") == [second]


def test_bobs_form_never_gets_alices_images(bobs_browser: Client, alice: User) -> None:
    address = {"input": store_input(alice).removeprefix("drover-input:"), "for": "edit"}
    response = bobs_browser.get("/", address)
    assert read(response).form().value("model") == "edit"
    assert "drover-input" not in response.content.decode()


def use_as_input(browser: Client, generation: Generation) -> Any:
    return browser.post(reverse("use-result", args=[generation.pk]))


def chosen_model(response: Any) -> str:
    return parse_qs(urlsplit(response["Location"]).query)["for"][0]


def test_a_result_becomes_the_input_of_a_model_that_takes_it(
    alices_browser: Client, alice: User, generation: Generation
) -> None:
    page = read(alices_browser.get(reverse("generation", args=[generation.pk])))
    assert page.link("Use as input") == reverse("use-result", args=[generation.pk])
    response = use_as_input(alices_browser, generation)
    row = Input.objects.get()
    assert (row.namespace.owner, row.content_type, row.size) == (alice, "image/png", generation.result.size)
    form = read(alices_browser.get(response["Location"])).form()
    assert form.value("model") == "edit"
    assert form.values("param-input_image") == [f"drover-input:{row.pk}"]


def test_a_result_is_given_to_the_preferred_model_or_to_the_one_that_made_it(
    alices_browser: Client, generation: Generation
) -> None:
    MediaModel.objects.filter(name="animate").update(preferred=True)
    assert chosen_model(use_as_input(alices_browser, generation)) == "animate"
    Generation.objects.filter(pk=generation.pk).update(model=factories.model("mix"))
    assert chosen_model(use_as_input(alices_browser, generation)) == "mix"


def test_the_built_in_image_model_takes_its_own_results(alices_browser: Client, alice: User) -> None:
    catalog.sync_builtin_models()
    Connection.objects.filter(name="hub").update(enabled=False)
    response = use_as_input(alices_browser, factories.generation(alice, State.SUCCEEDED))
    form = read(alices_browser.get(response["Location"])).form()
    assert form.value("model") == "sketch-image"
    assert form.values("param-image_url") == [f"drover-input:{Input.objects.get().pk}"]


def test_there_is_no_button_if_no_model_takes_the_result(
    alices_browser: Client, generation: Generation
) -> None:
    Connection.objects.filter(name="hub").update(enabled=False)
    page = read(alices_browser.get(reverse("generation", args=[generation.pk])))
    assert not page.has_link("Use as input")
    assert use_as_input(alices_browser, generation).status_code == 404


def test_a_generation_without_a_result_cannot_be_used_as_input(alices_browser: Client, alice: User) -> None:
    assert use_as_input(alices_browser, factories.generation(alice)).status_code == 404


def test_bob_cannot_use_alices_result(bobs_browser: Client, generation: Generation) -> None:
    assert use_as_input(bobs_browser, generation).status_code == 404
    assert not Input.objects.exists()


def test_running_it_again_brings_the_images_along(alices_browser: Client, alice: User) -> None:
    first, second = store_input(alice), store_input(alice)
    values = [first, "https://a.b/c.png", second]
    again = factories.enqueue(alice, "mix", input_image=values)[0]
    form = read(alices_browser.get("/", {"from": str(again.pk)})).form()
    assert form.values("param-input_image") == values


def test_running_it_again_with_another_model_brings_the_images_along(
    alices_browser: Client, alice: User
) -> None:
    reference = store_input(alice)
    again = factories.enqueue(alice, "animate", start_image_url=reference)[0]
    MediaModel.objects.filter(name="animate").update(enabled=False)
    form = read(alices_browser.get("/", {"from": str(again.pk)})).form()
    assert form.values("param-input_image") == [reference]
