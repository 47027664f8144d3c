"""The OpenAPI document matches the real responses."""

import json
import re
from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client
from jsonschema import Draft202012Validator

from dashboard.api.ninja_api import api
from queueapp.services import generations
from tests import factories

QUEUE = "/api/ai/queue"
STATUS = "/api/media/generations/status/{namespace}/{model}"
CANCEL = "/api/media/generations/{namespace}/{generation_id}"
MODELS = "/api/ai/models"
SEARCH = "/api/ai/models/search"
MODEL = "/api/ai/models/{model_id}"
ME = "/api/users/me"


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    # Through JSON, as clients receive it: integer keys become strings.
    return json.loads(json.dumps(api.get_openapi_schema()))


def contents(document: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    """Return a name and the content of every request body and response in the document."""
    found = []
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            responses = {**operation["responses"], "body": operation.get("requestBody", {})}
            found += [
                (f"{method} {path} {name}", one["content"]["application/json"])
                for name, one in responses.items()
                if one
            ]
    return found


def matches_documentation(document: dict[str, Any], method: str, path: str, response: HttpResponse) -> bool:
    responses = document["paths"][path][method]["responses"][str(response.status_code)]
    Draft202012Validator(responses["content"]["application/json"]["schema"]).validate(response.json())
    return response["Content-Type"] == "application/json"


def test_every_example_is_valid_by_its_schema(document):
    examples = contents(document)
    assert len(examples) > 20
    for name, content in examples:
        problems = list(Draft202012Validator(content["schema"]).iter_errors(content["example"]))
        assert not problems, name


def test_every_call_requires_a_token(document):
    for methods in document["paths"].values():
        for operation in methods.values():
            assert operation["security"] == [{"BearerToken": []}]
            assert "401" in operation["responses"]


@pytest.mark.parametrize(
    "body",
    [{"model": "sketch-image", "prompt": "a boat"}, {}, {"model": "none"}, {"model": "sketch-text"}],
    ids=["200", "400", "404", "415"],
)
def test_enqueue_responses_match_their_documentation(document, alices_script, body):
    response = alices_script.post(QUEUE, body, content_type="application/json")
    assert matches_documentation(document, "post", QUEUE, response)


@pytest.mark.parametrize("model", ["sketch-image", "none"])
def test_list_responses_match_their_documentation(document, alice, alices_script, model):
    factories.enqueue(alice, count=2)
    response = alices_script.get(STATUS.format(namespace="alice", model=model))
    assert matches_documentation(document, "get", STATUS, response)


def test_cancel_responses_match_their_documentation(document, alice, alices_script):
    generation = factories.generation(alice)
    address = CANCEL.format(namespace="alice", generation_id=generation.pk)
    for status in (200, 404):
        response = alices_script.delete(address)
        assert response.status_code == status
        assert matches_documentation(document, "delete", CANCEL, response)


def test_model_responses_match_their_documentation(document, alices_script):
    assert matches_documentation(document, "get", MODELS, alices_script.get(MODELS))
    assert matches_documentation(document, "get", SEARCH, alices_script.get(SEARCH, {"search": "video"}))
    for name in ("sketch-image", "none"):
        assert matches_documentation(document, "get", MODEL, alices_script.get(MODEL.format(model_id=name)))


def test_owner_responses_match_their_documentation(document, alices_script):
    assert matches_documentation(document, "get", ME, alices_script.get(ME))


def test_missing_tokens_and_internal_errors_match_their_documentation(
    document, db, alices_script, monkeypatch
):
    def broken(*_: object, **__: object) -> None:
        raise ZeroDivisionError

    assert matches_documentation(document, "post", QUEUE, Client().post(QUEUE))
    monkeypatch.setattr(generations, "enqueue", broken)
    response = alices_script.post(QUEUE, {"model": "sketch-image"}, content_type="application/json")
    assert response.status_code == 500
    assert matches_documentation(document, "post", QUEUE, response)


def test_the_documentation_page_obeys_the_content_security_policy(alices_browser):
    html = alices_browser.get("/api/docs").content.decode()
    scripts = re.findall(r"<script\b[^>]*>", html)
    assert any("swagger-ui-init.js" in tag for tag in scripts)
    assert all("src=" in tag or 'type="application/json"' in tag for tag in scripts)
    assert not re.search(r"<style|\sstyle=|\son\w+=|https?://", html)


@pytest.mark.parametrize("address", ["/api/docs", "/api/openapi.json"])
def test_the_documentation_is_read_only(alices_browser, address):
    response = alices_browser.post(address)
    assert response.status_code == 405
    assert response.json()["error"]["type"] == "method_not_allowed"
    assert "GET" in response["Allow"]
