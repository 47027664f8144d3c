import json

from queueapp.models import Connection, MediaModel
from tests import factories


def ids(response) -> list[str]:
    return [model["id"] for model in response.json()["data"]]


def test_the_model_list_has_the_documented_fields(alices_script):
    response = alices_script.get("/api/ai/models").json()
    assert response["object"] == "list"
    image = next(model for model in response["data"] if model["id"] == "sketch-image")
    assert image["object"] == "model"
    assert image["capabilities"]["output"] == ["image"]
    assert "prompt" in image["request_schema"]["properties"]
    assert isinstance(image["created"], int)
    assert {model["id"] for model in response["data"]} == {"sketch-image", "sketch-video", "sketch-text"}


def test_a_search_matches_every_word_in_name_or_description(alices_script):
    assert ids(alices_script.get("/api/ai/models/search?search=SKETCH video")) == ["sketch-video"]
    assert ids(alices_script.get("/api/ai/models/search?search=no such")) == []
    assert len(ids(alices_script.get("/api/ai/models/search"))) == 3
    assert alices_script.get("/api/ai/models/search?search=%00").status_code == 200


def test_a_single_model_is_returned_without_an_envelope(alices_script):
    assert alices_script.get("/api/ai/models/sketch-video").json()["id"] == "sketch-video"
    assert alices_script.get("/api/ai/models/builtin/sketch-video").json()["id"] == "builtin/sketch-video"
    missing = alices_script.get("/api/ai/models/no/such")
    assert missing.status_code == 404
    assert missing.json()["error"]["message"] == "Model not found: no/such"


def test_a_name_that_two_connections_share_is_qualified_by_the_connection(alices_script):
    better = Connection.objects.create(name="hub", priority=9)
    MediaModel.objects.create(
        connection=better, name="sketch-image", display_name="Hub's", media_type="image"
    )
    error = ids(alices_script.get("/api/ai/models"))
    assert "sketch-image" in error
    assert "builtin/sketch-image" in error
    assert alices_script.get("/api/ai/models/sketch-image").json()["display_name"] == "Hub's"


def test_the_documentation_requires_sign_in(client, alices_browser):
    for path in ("/api/docs", "/api/openapi.json"):
        assert client.get(path).status_code == 302
        assert alices_browser.get(path).status_code == 200


def test_the_documentation_lists_bodies_and_errors(alices_browser):
    paths = alices_browser.get("/api/openapi.json").json()["paths"]
    enqueue = paths["/api/ai/queue"]["post"]
    assert enqueue["requestBody"]["content"]["application/json"]["example"]["model"] == "sketch-image"
    assert {"200", "400", "401", "404", "413", "415"} <= set(enqueue["responses"])
    assert factories.model().name in str(enqueue)


def test_the_documentation_has_no_duplicate_keys(alices_browser):
    def unique(pairs: list[tuple[str, object]]) -> dict[str, object]:
        assert len(dict(pairs)) == len(pairs), pairs
        return dict(pairs)

    json.loads(alices_browser.get("/api/openapi.json").content, object_pairs_hook=unique)
