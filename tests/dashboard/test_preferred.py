"""What an admin decides about models, as the composer shows it; and an account that cannot pay."""

import pytest

from dashboard import picker
from queueapp.models import Connection, Generation, MediaModel
from tests import factories


def prefer(name: str, **fields) -> None:
    MediaModel.objects.filter(name=name).update(**fields)


def field(response, name: str) -> str:
    """The tag of a field in the page."""
    text = response.content.decode()
    return next(line for line in text.replace(">", ">\n").split("\n") if f'name="param-{name}"' in line)


def test_a_preferred_model_is_chosen_for_who_has_not_chosen_yet(db):
    assert picker.model_for("").name == "sketch-image"
    prefer("sketch-video", preferred=True)
    assert picker.model_for("").name == "sketch-video"
    assert picker.model_for("sketch-image").name == "sketch-image"


def test_who_has_not_chosen_yet_is_not_led_to_what_costs_money(db):
    hub = Connection.objects.create(
        name="oxen", revision="current", base_url="http://127.0.0.1:9", priority=9
    )
    factories.hub_model(hub, "a-first")
    assert picker.model_for("").name == "sketch-image"
    assert picker.model_for("gone").name == "a-first"


def test_preferred_models_stand_first_among_their_kind(db):
    builtin = factories.builtin()
    factories.hub_model(builtin, "a-first")
    assert picker.offers()[0].value == "a-first"
    prefer("sketch-image", preferred=True)
    assert picker.offers()[0].value == "sketch-image"


def test_the_form_begins_with_the_admins_settings(alices_browser):
    prefer("sketch-image", defaults={"seed": 4711})
    assert 'value="4711"' in field(alices_browser.get("/"), "seed")
    assert 'value="4711"' in field(alices_browser.get("/?prompt=a+boat"), "seed")
    switched = alices_browser.post("/generations/params/", {"model": "sketch-image", "param-seed": ""})
    assert 'value="4711"' in field(switched, "seed")
    kept = alices_browser.post("/generations/params/", {"model": "sketch-image", "param-seed": "5"})
    assert 'value="5"' in field(kept, "seed")


def test_what_no_longer_fits_the_model_is_ignored(alices_browser):
    prefer("sketch-image", defaults={"seed": "many", "gone": 1})
    assert "many" not in field(alices_browser.get("/"), "seed")


def test_running_again_and_submitting_add_nothing_that_was_not_there(alices_browser, alice):
    prefer("sketch-image", defaults={"seed": 4711})
    made = factories.enqueue(alice)[0]
    assert "4711" not in field(alices_browser.get(f"/?from={made.pk}"), "seed")
    alices_browser.post(
        "/generations/", {"model": "sketch-image", "prompt": "a boat", "num_generations": "1"}
    )
    assert "seed" not in Generation.objects.order_by("enqueued_at").last().submission.params


def test_scripts_parameters_stay_as_they_were_sent(alices_script):
    prefer("sketch-image", defaults={"seed": 4711})
    body = {"model": "sketch-image", "prompt": "a boat"}
    assert alices_script.post("/api/ai/queue", body, content_type="application/json").status_code == 200
    assert Generation.objects.get().submission.params == {"prompt": "a boat"}


@pytest.fixture
def without_credits(db) -> MediaModel:
    connection = Connection.objects.create(
        name="oxen", revision="current", stop_reason=Connection.StopReason.CREDITS
    )
    return factories.hub_model(connection, "flux-1-dev")


def test_a_script_is_told_402_insufficient_credits(alices_script, without_credits):
    body = {"model": "flux-1-dev", "prompt": "a boat"}
    answer = alices_script.post("/api/ai/queue", body, content_type="application/json")
    told = answer.json()
    assert answer.status_code == 402
    assert told["status_message"] == told["error"]["type"] == "insufficient_credits"
    assert told["error"]["title"] == told["error"]["message"] == "Insufficient credits"
    assert "oxen is out of credits" in told["error"]["detail"]
    assert not Generation.objects.exists()


def test_a_page_is_told_in_words_and_keeps_what_was_typed(alices_browser, without_credits):
    data = {"model": "flux-1-dev", "prompt": "a boat at dawn", "num_generations": "1"}
    response = alices_browser.post("/generations/", data, headers={"HX-Request": "true"})
    assert response.status_code == 422
    assert "is out of credits" in response.content.decode()
    assert "a boat at dawn" in response.content.decode()


def test_the_documentation_of_the_api_has_402(alices_browser):
    enqueue = alices_browser.get("/api/openapi.json").json()["paths"]["/api/ai/queue"]["post"]
    assert "402" in enqueue["responses"]
