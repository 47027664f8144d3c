"""Compose and submit: with scripts, without them, and again."""

import json
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from queueapp.models import Connection, Generation, MediaModel, Submission
from tests import factories
from tests.pages import read

HTMX = {"HX-Request": "true"}
FORM = {"model": "sketch-image", "prompt": "a fox in the snow", "num_generations": "2"}


def submit(browser: Client, headers: dict[str, str] | None = None, **changes: Any) -> Any:
    data = {name.replace("__", "-", 1): value for name, value in changes.items()}
    return browser.post("/generations/", FORM | data, headers=headers)


def test_a_submission_without_scripts_leads_back_to_the_table(alices_browser: Client, alice: User) -> None:
    response = submit(alices_browser)
    assert (response.status_code, response["Location"]) == (302, "/")
    submission = Submission.objects.get()
    assert submission.params == {"prompt": "a fox in the snow"}
    assert (submission.user, submission.source, submission.num_generations) == (alice, "page", 2)
    assert Generation.objects.count() == 2


def test_a_submission_with_scripts_tells_the_page_the_new_ids(alices_browser: Client) -> None:
    response = submit(alices_browser, HTMX)
    assert response.status_code == 204
    ids = json.loads(response["HX-Trigger"])["drover:submitted"]["ids"]
    assert sorted(ids) == sorted(str(generation.pk) for generation in Generation.objects.all())


def test_only_the_models_parameters_with_a_value_are_submitted(alices_browser: Client) -> None:
    submit(alices_browser, param__seed="7", param__aspect_ratio="", param__nonsense="x", model2="y")
    assert Submission.objects.get().params == {"prompt": "a fox in the snow", "seed": 7}


@pytest.mark.parametrize("headers", [{}, HTMX])
def test_an_error_is_shown_at_its_field_and_no_text_is_lost(
    alices_browser: Client, headers: dict[str, str]
) -> None:
    response = submit(alices_browser, headers, param__seed="soon")
    form = read(response).form()
    assert response.status_code == 422
    assert form.error("param-seed") == "Must be a whole number."
    assert form.value("param-seed") == "soon"
    assert form.value("prompt") == "a fox in the snow"
    assert form.value("model") == "sketch-image"
    assert form.value("num_generations") == "2"
    assert not Generation.objects.exists()


@pytest.mark.parametrize("count", ["0", "5", "1.5", "two", "-1", "٢"])
def test_the_number_of_generations_must_be_one_to_four(alices_browser: Client, count: str) -> None:
    response = submit(alices_browser, HTMX, num_generations=count)
    form = read(response).form()
    assert response.status_code == 422
    assert form.error("num_generations") == "Must be a whole number from 1 to 4."
    assert form.value("num_generations") == count
    assert not Generation.objects.exists()


def test_all_errors_are_shown_at_once(alices_browser: Client) -> None:
    form = read(submit(alices_browser, HTMX, num_generations="0", param__seed="soon", prompt="")).form()
    assert all(form.error(name) for name in ("num_generations", "param-seed", "prompt"))


@pytest.mark.parametrize("model", ["", "no-such-model", "sketch-text", "\0"])
def test_a_model_that_cannot_be_queued_is_refused(alices_browser: Client, model: str) -> None:
    response = submit(alices_browser, HTMX, model=model)
    assert response.status_code == 422
    assert read(response).has("[role=alert]")
    assert read(response).form().value("prompt") == "a fox in the snow"
    assert not Generation.objects.exists()


def test_a_missing_prompt_is_shown_at_the_prompt(alices_browser: Client) -> None:
    assert read(submit(alices_browser, HTMX, prompt="  ")).form().error("prompt") == "This is required."


def test_a_video_of_two_shots_is_submitted(alices_browser: Client) -> None:
    shots = {"shot-prompt": ["dawn", "noon"], "shot-seconds": ["2", "1"]}
    submit(alices_browser, model="sketch-video", prompt="", **shots)
    assert Submission.objects.get().params == {
        "multi_prompt": [{"prompt": "dawn", "duration": 2}, {"prompt": "noon", "duration": 1}]
    }


def test_an_invalid_shot_is_shown_with_the_shots(alices_browser: Client) -> None:
    shots = {"shot-prompt": ["dawn", ""], "shot-seconds": ["2", "1"]}
    page = read(submit(alices_browser, HTMX, model="sketch-video", prompt="", **shots))
    assert page.text_in("#shots .error") == "Shot 2 needs a prompt."
    assert page.form().values("shot-prompt") == ["dawn"]
    assert page.form().values("shot-seconds") == ["2", "1"]


def test_the_model_used_last_is_selected_next_time(alices_browser: Client) -> None:
    submit(alices_browser, model="sketch-video")
    assert read(alices_browser.get("/")).form().value("model") == "sketch-video"


def test_a_model_of_any_name_is_remembered_without_signing_the_user_out(alices_browser: Client) -> None:
    MediaModel.objects.filter(pk=factories.model().pk).update(name="模型")
    response = submit(alices_browser, model="模型")
    assert response.cookies["drover_model"].value.isascii()
    assert read(alices_browser.get("/")).form().value("model") == "模型"


def test_another_models_fields_replace_the_form_and_keep_matching_text(alices_browser: Client) -> None:
    data = {"model": "sketch-video", "param-seed": "9"}
    page = read(alices_browser.get("/generations/params/", data, headers=HTMX))
    fields = page.form("#params")
    assert fields.has("param-duration")
    assert fields.has("shot-prompt")
    assert fields.value("param-seed") == "9"
    assert not page.has("html")


def test_without_scripts_a_button_shows_the_fields_of_another_model(alices_browser: Client) -> None:
    page = read(alices_browser.post("/generations/params/", {"model": "sketch-video", "prompt": "kept"}))
    assert page.has("html")
    assert page.form().has("param-duration")
    assert page.form().value("prompt") == "kept"
    assert not Generation.objects.exists()


def test_the_address_of_the_fields_is_a_whole_page_in_a_browser(alices_browser: Client) -> None:
    assert read(alices_browser.get("/generations/params/", {"model": "sketch-video"})).has("html")


def test_the_picker_shows_the_connection_of_every_model(alices_browser: Client) -> None:
    second = Connection.objects.create(name="studio", priority=-20)
    for name in ("sketch-image", "flux"):
        MediaModel.objects.create(
            connection=second, name=name, display_name=name.title(), media_type="image", request_schema={}
        )
    page = read(alices_browser.get("/"))
    assert page.form().value("model") == "sketch-image"
    labels = dict(zip(page.form().options("model"), page.texts("#model option"), strict=True))
    assert labels == {
        "sketch-image": "Sketch Image · builtin",
        "studio/sketch-image": "Sketch-Image · studio",
        "flux": "Flux · studio",
        "sketch-video": "Sketch Video · builtin",
    }


def test_a_model_of_a_disabled_connection_leaves_the_picker_and_is_refused(alices_browser: Client) -> None:
    Connection.objects.update(enabled=False)
    page = read(alices_browser.get("/"))
    assert "No model is available." in page.text
    assert page.form().options("model") == []
    assert submit(alices_browser, HTMX).status_code == 422


def test_an_example_fills_the_prompt_without_scripts(alices_browser: Client) -> None:
    form = read(alices_browser.get("/", {"prompt": "a <lighthouse>"})).form()
    assert form.value("prompt") == "a <lighthouse>"


def run_again(browser: Client, generation: Generation) -> Any:
    return read(browser.get("/", {"from": str(generation.pk)}))


def test_running_a_generation_again_fills_the_form(alices_browser: Client, alice: User) -> None:
    generation = factories.enqueue(alice, "sketch-video", prompt="a fox", count=3, seed=11, duration=2)[0]
    form = run_again(alices_browser, generation).form()
    assert form.value("prompt") == "a fox"
    assert form.value("model") == "sketch-video"
    assert form.value("param-seed") == "11"
    assert form.value("param-duration") == "2"
    assert form.value("num_generations") == "3"


def test_running_it_again_names_what_the_form_cannot_show(alices_browser: Client, alice: User) -> None:
    page = run_again(alices_browser, factories.generation(alice, unknown="x"))
    assert page.text_in("#composer [role=alert]").endswith("unknown.")


def test_running_it_again_says_that_the_model_is_gone(alices_browser: Client, alice: User) -> None:
    generation = factories.enqueue(alice, "sketch-video", prompt="a fox")[0]
    MediaModel.objects.filter(pk=generation.model_id).update(enabled=False)
    page = run_again(alices_browser, generation)
    assert "Sketch Video is not available." in page.text_in("#composer [role=alert]")
    assert page.form().value("model") == "sketch-image"
    assert page.form().value("prompt") == "a fox"


@pytest.mark.parametrize("address", ["nonsense", "00000000-0000-0000-0000-000000000000"])
def test_running_an_unknown_generation_again_is_not_found(alices_browser: Client, address: str) -> None:
    assert alices_browser.get("/", {"from": address}).status_code == 404


def test_the_filter_keeps_a_model_that_is_not_available_any_more(alices_browser: Client) -> None:
    MediaModel.objects.filter(name="sketch-video").update(enabled=False)
    page = read(alices_browser.get("/", {"model": "sketch-video"}))
    assert page.form(".filters").value("model") == "sketch-video"
    assert "sketch-video" not in page.form().options("model")
