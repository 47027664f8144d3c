"""Errors of the API tell a script, and its author, what to do."""

import json

import pytest
from django.test import Client

from queueapp.states import State
from tests import factories

QUEUE = "/api/ai/queue"
JSON = "application/json"


def post(client: Client, raw: bytes):
    return client.post(QUEUE, raw, content_type=JSON)


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-32-be", "latin-1"])
def test_json_that_is_not_utf_8_is_rejected(alices_script, encoding):
    raw = json.dumps({"model": "sketch-image", "prompt": "café"}, ensure_ascii=False).encode(encoding)
    assert post(alices_script, raw).status_code == 400


def test_the_message_field_alone_explains_the_error(alices_script):
    error = post(alices_script, b"[]").json()["error"]
    assert error["message"] == error["detail"] == "The body must be a JSON object."


@pytest.mark.parametrize("state", [State.SUCCEEDED, State.FAILED, State.CANCELLED])
def test_cancelling_an_ended_generation_answers_the_documented_404(alice, alices_script, state):
    ended = factories.generation(alice, state)
    response = alices_script.delete(f"/api/media/generations/alice/{ended.pk}")
    assert response.status_code == 404
    assert response.json()["error"]["type"] == response.json()["status_message"] == "resource_not_found"
    assert response.json()["error"]["title"] == "The requested resource could not be found"


def test_cancelling_in_the_wrong_namespace_answers_404_and_changes_nothing(alice, bob, alices_script):
    generation = factories.generation(alice)
    for namespace in ("bob", "nobody", "Alice", "%00"):
        response = alices_script.delete(f"/api/media/generations/{namespace}/{generation.pk}")
        assert response.status_code == 404
        assert response.json()["status_message"] == "resource_not_found"
    generation.refresh_from_db()
    assert generation.state == State.QUEUED


def test_only_the_usual_form_of_an_id_is_accepted(alice, alices_script):
    generation = factories.generation(alice)
    for odd in (
        f"{{{generation.pk}}}",
        f"urn:uuid:{generation.pk}",
        generation.pk.hex,
        f"{generation.pk}%0a",
    ):
        assert alices_script.delete(f"/api/media/generations/alice/{odd}").status_code == 404
    assert (
        alices_script.delete(f"/api/media/generations/alice/{str(generation.pk).upper()}").status_code == 200
    )


def test_tokens_of_deactivated_users_stop_working(alice, alices_script):
    alice.is_active = False
    alice.save()
    response = alices_script.get("/api/ai/models")
    assert response.status_code == 401
    assert response["WWW-Authenticate"] == "Bearer"


def test_a_large_body_without_a_token_answers_401(db, client, settings):
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 10
    assert post(client, b"x" * 100).status_code == 401


@pytest.mark.parametrize("path", ["/api/nothing", "/api/ai/queue/", "/api/ai/models/", "/api/docs/"])
def test_unknown_addresses_answer_json_with_the_usual_headers(db, client, path):
    for method in (client.get, client.post, client.options, client.delete):
        response = method(path)
        assert response.status_code == 404
        assert response["Content-Type"] == JSON
        assert response["X-Content-Type-Options"] == "nosniff"
        assert int(response["Content-Length"]) == len(response.content)
        assert response.json()["error"]["detail"] == "There is nothing at this address."


def test_an_unknown_host_header_answers_an_api_error(alices_script):
    response = alices_script.get("/api/ai/models", headers={"Host": "elsewhere.example"})
    assert response.status_code == 400
    assert response.json()["error"]["type"] == "bad_request"


def test_a_wrong_method_names_the_allowed_one(alices_script):
    response = alices_script.put(QUEUE)
    assert response["Allow"] == "POST"
    assert response.json()["error"]["detail"] == "Allowed: POST."
