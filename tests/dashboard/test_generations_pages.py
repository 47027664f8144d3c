"""Composing, submitting, cancelling, and one generation's page."""

import json

import pytest
from django.contrib.auth.models import User
from django.test import Client

from queueapp.models import Connection, Generation, MediaModel, Submission
from tests import factories

HTMX = {"HX-Request": "true"}
FORM = {"model": "sketch-image", "prompt": "a fox in the snow", "num_generations": "2"}


def html_of(answer) -> str:
    return answer.content.decode()


def test_a_submission_without_scripts_leads_back_to_the_table(alices_browser: Client, alice: User) -> None:
    answer = alices_browser.post("/generations/", FORM)
    assert (answer.status_code, answer["Location"]) == (302, "/")
    submission = Submission.objects.get()
    assert submission.params == {"prompt": "a fox in the snow"}
    assert (submission.user, submission.source, submission.num_generations) == (alice, "page", 2)
    assert Generation.objects.count() == 2


def test_a_submission_with_scripts_wakes_the_page(alices_browser: Client) -> None:
    answer = alices_browser.post("/generations/", FORM, headers=HTMX)
    assert answer.status_code == 204
    told = json.loads(answer["HX-Trigger"])["drover:submitted"]["ids"]
    assert sorted(told) == sorted(str(each.pk) for each in Generation.objects.all())


def test_only_what_was_chosen_is_sent(alices_browser: Client) -> None:
    alices_browser.post(
        "/generations/",
        FORM | {"param-seed": "7", "param-aspect_ratio": "", "param-nonsense": "x", "model2": "y"},
    )
    assert Submission.objects.get().params == {"prompt": "a fox in the snow", "seed": 7}


@pytest.mark.parametrize("headers", [{}, HTMX])
def test_what_is_wrong_is_told_at_its_field_and_nothing_typed_is_lost(
    alices_browser: Client, headers: dict[str, str]
) -> None:
    answer = alices_browser.post("/generations/", FORM | {"param-seed": "soon"}, headers=headers)
    html = html_of(answer)
    assert answer.status_code == 422
    assert 'id="field-seed-error">Must be a whole number.' in html
    assert 'value="soon"' in html
    assert "a fox in the snow</textarea>" in html
    assert '<option value="sketch-image" selected>' in html
    assert not Generation.objects.exists()


@pytest.mark.parametrize("count", ["0", "5", "1.5", "two", "-1", "٢"])
def test_the_number_wanted_must_be_one_to_four(alices_browser: Client, count: str) -> None:
    answer = alices_browser.post("/generations/", FORM | {"num_generations": count}, headers=HTMX)
    assert answer.status_code == 422
    assert "How many: a whole number from 1 to 4." in html_of(answer)


@pytest.mark.parametrize("model", ["", "no-such-model", "sketch-text", "\0"])
def test_a_model_that_cannot_be_queued_is_refused(alices_browser: Client, model: str) -> None:
    answer = alices_browser.post("/generations/", FORM | {"model": model}, headers=HTMX)
    assert answer.status_code == 422
    assert "a fox in the snow</textarea>" in html_of(answer)
    assert not Generation.objects.exists()


def test_a_missing_prompt_is_told(alices_browser: Client) -> None:
    answer = alices_browser.post("/generations/", FORM | {"prompt": "  "}, headers=HTMX)
    assert 'id="prompt-error">This is required.' in html_of(answer)


def test_a_film_of_two_shots_is_submitted(alices_browser: Client) -> None:
    alices_browser.post(
        "/generations/",
        {
            "model": "sketch-video",
            "num_generations": "1",
            "prompt": "",
            "shot-prompt": ["dawn", "noon"],
            "shot-seconds": ["2", "1"],
        },
    )
    assert Submission.objects.get().params == {
        "multi_prompt": [{"prompt": "dawn", "duration": 2}, {"prompt": "noon", "duration": 1}]
    }


def test_the_model_used_last_is_chosen_next_time(alices_browser: Client) -> None:
    alices_browser.post("/generations/", FORM | {"model": "sketch-video"})
    assert '<option value="sketch-video" selected>' in html_of(alices_browser.get("/"))


def test_choosing_another_model_grows_its_fields_and_keeps_what_fits(alices_browser: Client) -> None:
    typed = {"model": "sketch-video", "param-seed": "9"}
    html = html_of(alices_browser.get("/generations/params/", typed, headers={"HX-Request": "true"}))
    assert 'name="param-duration"' in html
    assert 'name="shot-prompt"' in html
    assert 'value="9"' in html
    assert "<html" not in html


def test_the_address_of_a_fragment_is_a_whole_page_to_a_browser(alices_browser: Client) -> None:
    assert "<html" in html_of(alices_browser.get("/generations/params/", {"model": "sketch-video"}))


def test_a_model_of_any_name_is_remembered_without_signing_anybody_out(alices_browser: Client) -> None:
    image = factories.model()
    MediaModel.objects.filter(pk=image.pk).update(name="模型")
    answer = alices_browser.post("/generations/", {"model": "模型", "prompt": "a", "num_generations": "1"})
    assert answer.cookies["drover_model"].value.isascii()
    assert alices_browser.get("/").status_code == 200


def test_using_a_model_again_that_is_gone_says_so(alices_browser: Client, alice: User) -> None:
    made = factories.generation(alice, unknown="x")
    again = html_of(alices_browser.get("/", {"from": str(made.pk)}))
    assert "Not in this form, and left out: unknown." in again
    MediaModel.objects.filter(pk=made.model_id).update(enabled=False)
    assert "is not offered now" in html_of(alices_browser.get("/", {"from": str(made.pk)}))
    assert 'value="sketch-image" selected' in html_of(alices_browser.get("/", {"model": "sketch-image"}))


def test_without_scripts_a_button_shows_the_fields_of_another_model(alices_browser: Client) -> None:
    answer = alices_browser.post("/generations/params/", {"model": "sketch-video", "prompt": "kept"})
    html = html_of(answer)
    assert "<html" in html
    assert 'name="param-duration"' in html
    assert "kept</textarea>" in html
    assert not Generation.objects.exists()


def test_the_picker_shows_the_connection_of_every_model(alices_browser: Client) -> None:
    second = Connection.objects.create(name="studio", priority=-20)
    for name in ("sketch-image", "flux"):
        MediaModel.objects.create(
            connection=second, name=name, display_name=name.title(), media_type="image", request_schema={}
        )
    html = html_of(alices_browser.get("/"))
    assert '<option value="sketch-image" selected>Sketch Image · builtin</option>' in html
    assert '<option value="studio/sketch-image">Sketch-Image · studio</option>' in html
    assert '<option value="flux">Flux · studio</option>' in html
    assert "sketch-text" not in html


def test_a_model_of_a_closed_connection_leaves_the_picker_and_is_refused(alices_browser: Client) -> None:
    Connection.objects.update(enabled=False)
    html = html_of(alices_browser.get("/"))
    assert "No model can be asked for now" in html
    assert alices_browser.post("/generations/", FORM, headers=HTMX).status_code == 422


def test_an_example_fills_the_form_without_scripts(alices_browser: Client) -> None:
    assert "a &lt;lighthouse&gt;</textarea>" in html_of(alices_browser.get("/", {"prompt": "a <lighthouse>"}))


def test_using_a_generation_again_fills_the_form(alices_browser: Client, alice: User) -> None:
    made = factories.enqueue(alice, "sketch-video", prompt="a fox", count=3, seed=11, duration=2)[0]
    html = html_of(alices_browser.get("/", {"from": str(made.pk)}))
    assert "a fox</textarea>" in html
    assert '<option value="sketch-video" selected>' in html
    assert 'name="param-seed" value="11"' in html
    assert 'name="param-duration" value="2"' in html
    assert 'name="num_generations" value="3"' in html
