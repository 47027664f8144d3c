import json

from queueapp.models import Connection, MediaModel
from tests import factories


def ids(answer) -> list[str]:
    return [model["id"] for model in answer.json()["data"]]


def test_every_model_is_listed_as_documented(alices_script):
    answer = alices_script.get("/api/ai/models").json()
    assert answer["object"] == "list"
    image = next(model for model in answer["data"] if model["id"] == "sketch-image")
    assert image["object"] == "model"
    assert image["capabilities"]["output"] == ["image"]
    assert "prompt" in image["request_schema"]["properties"]
    assert isinstance(image["created"], int)
    assert {model["id"] for model in answer["data"]} == {"sketch-image", "sketch-video", "sketch-text"}


def test_a_search_finds_every_word_anywhere_in_a_models_description(alices_script):
    assert ids(alices_script.get("/api/ai/models/search?search=SKETCH video")) == ["sketch-video"]
    assert ids(alices_script.get("/api/ai/models/search?search=no such")) == []
    assert len(ids(alices_script.get("/api/ai/models/search"))) == 3
    assert alices_script.get("/api/ai/models/search?search=%00").status_code == 200


def test_one_model_is_told_bare(alices_script):
    assert alices_script.get("/api/ai/models/sketch-video").json()["id"] == "sketch-video"
    assert alices_script.get("/api/ai/models/builtin/sketch-video").json()["id"] == "builtin/sketch-video"
    missing = alices_script.get("/api/ai/models/no/such")
    assert missing.status_code == 404
    assert missing.json()["error"]["message"] == "Model not found: no/such"


def test_a_name_that_two_connections_have_is_told_apart(alices_script):
    better = Connection.objects.create(name="hub", priority=9)
    MediaModel.objects.create(
        connection=better, name="sketch-image", display_name="Hub's", media_type="image"
    )
    told = ids(alices_script.get("/api/ai/models"))
    assert "sketch-image" in told
    assert "builtin/sketch-image" in told
    assert alices_script.get("/api/ai/models/sketch-image").json()["display_name"] == "Hub's"


def test_the_documentation_is_for_people_who_are_signed_in(client, alices_browser):
    for path in ("/api/docs", "/api/openapi.json"):
        assert client.get(path).status_code == 302
        assert alices_browser.get(path).status_code == 200


def test_the_documentation_tells_each_call_its_body_and_its_errors(alices_browser):
    paths = alices_browser.get("/api/openapi.json").json()["paths"]
    enqueue = paths["/api/ai/queue"]["post"]
    assert enqueue["requestBody"]["content"]["application/json"]["example"]["model"] == "sketch-image"
    assert {"200", "400", "401", "404", "413", "415"} <= set(enqueue["responses"])
    assert factories.model().name in str(enqueue)


def test_the_documentation_says_nothing_twice(alices_browser):
    def unique(pairs: list[tuple[str, object]]) -> dict[str, object]:
        assert len(dict(pairs)) == len(pairs), pairs
        return dict(pairs)

    json.loads(alices_browser.get("/api/openapi.json").content, object_pairs_hook=unique)
