"""The OpenAPI document tells the truth: every answer is as it says, and its examples too."""

import json
import re
from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client
from jsonschema import Draft202012Validator

from dashboard.api.root import api
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
    # By way of JSON, as a reader gets it: numbers as keys become text.
    return json.loads(json.dumps(api.get_openapi_schema()))


def contents(document: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    """Every body and answer of the document, with a name for it."""
    found = []
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            told = {**operation["responses"], "body": operation.get("requestBody", {})}
            found += [
                (f"{method} {path} {name}", one["content"]["application/json"])
                for name, one in told.items()
                if one
            ]
    return found


def is_as_documented(document: dict[str, Any], method: str, path: str, answer: HttpResponse) -> bool:
    told = document["paths"][path][method]["responses"][str(answer.status_code)]
    Draft202012Validator(told["content"]["application/json"]["schema"]).validate(answer.json())
    return answer["Content-Type"] == "application/json"


def test_every_example_is_what_its_schema_says(document):
    examples = contents(document)
    assert len(examples) > 20
    for name, content in examples:
        problems = list(Draft202012Validator(content["schema"]).iter_errors(content["example"]))
        assert not problems, name


def test_every_call_wants_a_token(document):
    for methods in document["paths"].values():
        for operation in methods.values():
            assert operation["security"] == [{"BearerToken": []}]
            assert "401" in operation["responses"]


@pytest.mark.parametrize(
    "body",
    [{"model": "sketch-image", "prompt": "a boat"}, {}, {"model": "none"}, {"model": "sketch-text"}],
    ids=["200", "400", "404", "415"],
)
def test_an_enqueue_is_answered_as_documented(document, alices_script, body):
    answer = alices_script.post(QUEUE, body, content_type="application/json")
    assert is_as_documented(document, "post", QUEUE, answer)


@pytest.mark.parametrize("model", ["sketch-image", "none"])
def test_a_list_is_answered_as_documented(document, alice, alices_script, model):
    factories.enqueue(alice, count=2)
    answer = alices_script.get(STATUS.format(namespace="alice", model=model))
    assert is_as_documented(document, "get", STATUS, answer)


def test_a_cancel_is_answered_as_documented(document, alice, alices_script):
    waiting = factories.generation(alice)
    address = CANCEL.format(namespace="alice", generation_id=waiting.pk)
    for status in (200, 404):
        answer = alices_script.delete(address)
        assert answer.status_code == status
        assert is_as_documented(document, "delete", CANCEL, answer)


def test_models_are_answered_as_documented(document, alices_script):
    assert is_as_documented(document, "get", MODELS, alices_script.get(MODELS))
    assert is_as_documented(document, "get", SEARCH, alices_script.get(SEARCH, {"search": "video"}))
    for name in ("sketch-image", "none"):
        assert is_as_documented(document, "get", MODEL, alices_script.get(MODEL.format(model_id=name)))


def test_whose_token_it_is_is_answered_as_documented(document, alices_script):
    assert is_as_documented(document, "get", ME, alices_script.get(ME))


def test_a_stranger_and_a_fault_are_answered_as_documented(document, db, alices_script, monkeypatch):
    def broken(*_: object, **__: object) -> None:
        raise ZeroDivisionError

    assert is_as_documented(document, "post", QUEUE, Client().post(QUEUE))
    monkeypatch.setattr(generations, "enqueue", broken)
    answer = alices_script.post(QUEUE, {"model": "sketch-image"}, content_type="application/json")
    assert answer.status_code == 500
    assert is_as_documented(document, "post", QUEUE, answer)


def test_the_page_has_nothing_that_the_content_security_policy_forbids(alices_browser):
    html = alices_browser.get("/api/docs").content.decode()
    scripts = re.findall(r"<script\b[^>]*>", html)
    assert any("swagger-ui-init.js" in tag for tag in scripts)
    assert all("src=" in tag or 'type="application/json"' in tag for tag in scripts)
    assert not re.search(r"<style|\sstyle=|\son\w+=|https?://", html)


@pytest.mark.parametrize("address", ["/api/docs", "/api/openapi.json"])
def test_the_documentation_can_only_be_read(alices_browser, address):
    answer = alices_browser.post(address)
    assert answer.status_code == 405
    assert answer.json()["error"]["type"] == "method_not_allowed"
    assert "GET" in answer["Allow"]
