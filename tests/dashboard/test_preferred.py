"""What an admin decides about models, as the composer shows it; and a hub account without credits."""

import pytest

from dashboard.composer import picker
from queueapp.models import Connection, Generation, MediaModel
from tests import factories
from tests.pages import read


def update_model(name: str, **fields) -> None:
    MediaModel.objects.filter(name=name).update(**fields)


def seed(response) -> str:
    """The text in the form's field for the seed."""
    return read(response).form().value("param-seed")


def test_a_preferred_model_is_the_default(db):
    assert picker.find_model("").name == "sketch-image"
    update_model("sketch-video", preferred=True)
    assert picker.find_model("").name == "sketch-video"
    assert picker.find_model("sketch-image").name == "sketch-image"


def test_the_default_model_costs_nothing(db):
    hub = Connection.objects.create(
        name="oxen", revision="current", base_url="http://127.0.0.1:9", priority=9
    )
    factories.hub_model(hub, "a-first")
    assert picker.find_model("").name == "sketch-image"
    assert picker.find_model("gone").name == "a-first"


def test_preferred_models_come_first_in_their_group(db):
    factories.hub_model(factories.builtin(), "a-first")
    assert [option.value for option in picker.list_options()] == ["a-first", "sketch-image", "sketch-video"]
    update_model("sketch-image", preferred=True)
    assert [option.value for option in picker.list_options()] == ["sketch-image", "a-first", "sketch-video"]


def test_the_form_starts_with_the_admins_defaults(alices_browser):
    update_model("sketch-image", defaults={"seed": 4711})
    assert seed(alices_browser.get("/")) == "4711"
    assert seed(alices_browser.get("/?prompt=a+boat")) == "4711"
    data = {"model": "sketch-image"}
    assert seed(alices_browser.post("/generations/params/", data | {"param-seed": ""})) == "4711"
    assert seed(alices_browser.post("/generations/params/", data | {"param-seed": "5"})) == "5"


def test_defaults_that_the_model_does_not_accept_are_ignored(alices_browser):
    update_model("sketch-image", defaults={"seed": "many", "gone": 1})
    assert seed(alices_browser.get("/")) == ""


def test_running_again_and_submitting_add_no_defaults(alices_browser, alice):
    update_model("sketch-image", defaults={"seed": 4711})
    generation = factories.enqueue(alice)[0]
    assert seed(alices_browser.get(f"/?from={generation.pk}")) == ""
    data = {"model": "sketch-image", "prompt": "a boat", "num_generations": "1"}
    alices_browser.post("/generations/", data)
    assert "seed" not in Generation.objects.order_by("enqueued_at").last().submission.params


def test_a_scripts_parameters_stay_as_they_were_sent(alices_script):
    update_model("sketch-image", defaults={"seed": 4711})
    body = {"model": "sketch-image", "prompt": "a boat"}
    assert alices_script.post("/api/ai/queue", body, content_type="application/json").status_code == 200
    assert Generation.objects.get().submission.params == {"prompt": "a boat"}


@pytest.fixture
def model_without_credits(db) -> MediaModel:
    connection = Connection.objects.create(
        name="oxen", revision="current", stop_reason=Connection.StopReason.CREDITS
    )
    return factories.hub_model(connection, "flux-1-dev")


def test_the_api_answers_402_if_the_account_has_no_credits(alices_script, model_without_credits):
    body = {"model": "flux-1-dev", "prompt": "a boat"}
    response = alices_script.post("/api/ai/queue", body, content_type="application/json")
    answer = response.json()
    assert response.status_code == 402
    assert answer["status_message"] == answer["error"]["type"] == "insufficient_credits"
    assert answer["error"]["title"] == answer["error"]["message"] == "Insufficient credits"
    assert "oxen is out of credits" in answer["error"]["detail"]
    assert not Generation.objects.exists()


def test_the_page_says_that_the_account_has_no_credits_and_keeps_the_text(
    alices_browser, model_without_credits
):
    data = {"model": "flux-1-dev", "prompt": "a boat at dawn", "num_generations": "1"}
    response = alices_browser.post("/generations/", data, headers={"HX-Request": "true"})
    page = read(response)
    assert response.status_code == 422
    assert "is out of credits" in page.text_in("[role=alert]")
    assert page.form().value("prompt") == "a boat at dawn"


def test_the_api_documentation_lists_402(alices_browser):
    enqueue = alices_browser.get("/api/openapi.json").json()["paths"]["/api/ai/queue"]["post"]
    assert "402" in enqueue["responses"]
