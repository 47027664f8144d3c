"""What goes wrong is told so that a script, and the person behind it, can tell what to do."""

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
def test_json_that_is_not_utf_8_is_refused(alices_script, encoding):
    raw = json.dumps({"model": "sketch-image", "prompt": "café"}, ensure_ascii=False).encode(encoding)
    assert post(alices_script, raw).status_code == 400


def test_a_script_that_reads_only_the_message_learns_what_was_wrong(alices_script):
    told = post(alices_script, b"[]").json()["error"]
    assert told["message"] == told["detail"] == "The body must be a JSON object."


@pytest.mark.parametrize("state", [State.SUCCEEDED, State.FAILED, State.CANCELLED])
def test_a_cancel_of_what_has_ended_is_told_as_documented(alice, alices_script, state):
    ended = factories.generation(alice, state)
    answer = alices_script.delete(f"/api/media/generations/alice/{ended.pk}")
    assert answer.status_code == 404
    assert answer.json()["error"]["type"] == answer.json()["status_message"] == "resource_not_found"
    assert answer.json()["error"]["title"] == "The requested resource could not be found"


def test_a_cancel_in_the_wrong_namespace_is_told_like_any_other(alice, bob, alices_script):
    waiting = factories.generation(alice)
    for namespace in ("bob", "nobody", "Alice", "%00"):
        answer = alices_script.delete(f"/api/media/generations/{namespace}/{waiting.pk}")
        assert answer.status_code == 404
        assert answer.json()["status_message"] == "resource_not_found"
    waiting.refresh_from_db()
    assert waiting.state == State.QUEUED


def test_an_id_is_written_in_one_way(alice, alices_script):
    waiting = factories.generation(alice)
    for odd in (f"{{{waiting.pk}}}", f"urn:uuid:{waiting.pk}", waiting.pk.hex, f"{waiting.pk}%0a"):
        assert alices_script.delete(f"/api/media/generations/alice/{odd}").status_code == 404
    assert alices_script.delete(f"/api/media/generations/alice/{str(waiting.pk).upper()}").status_code == 200


def test_somebody_who_was_let_go_has_no_token(alice, alices_script):
    alice.is_active = False
    alice.save()
    answer = alices_script.get("/api/ai/models")
    assert answer.status_code == 401
    assert answer["WWW-Authenticate"] == "Bearer"


def test_a_stranger_with_a_large_body_is_a_stranger(db, client, settings):
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 10
    assert post(client, b"x" * 100).status_code == 401


@pytest.mark.parametrize("path", ["/api/nothing", "/api/ai/queue/", "/api/ai/models/", "/api/docs/"])
def test_an_unknown_address_is_json_with_the_headers_of_every_answer(db, client, path):
    for method in (client.get, client.post, client.options, client.delete):
        answer = method(path)
        assert answer.status_code == 404
        assert answer["Content-Type"] == JSON
        assert answer["X-Content-Type-Options"] == "nosniff"
        assert int(answer["Content-Length"]) == len(answer.content)
        assert answer.json()["error"]["detail"] == "There is nothing at this address."


def test_a_host_that_is_not_ours_is_refused_in_the_same_shape(alices_script):
    answer = alices_script.get("/api/ai/models", headers={"Host": "elsewhere.example"})
    assert answer.status_code == 400
    assert answer.json()["error"]["type"] == "bad_request"


def test_a_wrong_method_says_which_one_it_takes(alices_script):
    answer = alices_script.put(QUEUE)
    assert answer["Allow"] == "POST"
    assert answer.json()["error"]["detail"] == "It takes POST."
