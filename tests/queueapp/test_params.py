"""Parsing parameters strictly, and validating them against the schema of a model."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from queueapp.errors import BadRequest
from queueapp.params import MAX_DEPTH, get_prompt, read_json, validation_errors

IMAGE = {
    "type": "object",
    "properties": {
        "prompt": {"type": "string", "minLength": 1},
        "aspect_ratio": {"type": "string", "enum": ["1:1", "16:9"]},
        "seed": {"type": "integer", "minimum": 0},
        "size": {"type": ["integer", "string"]},
    },
    "required": ["prompt"],
}
SHOTS = {
    "properties": {
        "prompt": {"type": "string"},
        "multi_prompt": {
            "type": "array",
            "maxItems": 2,
            "items": {"required": ["prompt"], "properties": {"duration": {"type": "integer"}}},
        },
    }
}

texts = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]))
storable = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | texts,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4),
    max_leaves=12,
)


@given(storable)
def test_json_that_can_be_stored_is_parsed_unchanged(value):
    assert read_json(json.dumps(value)) == value


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"{",
        b"\xff\xfe",
        b"NaN",
        b'{"a": Infinity}',
        b"1e999",
        b'{"a": "\\u0000"}',
        b'{"\\u0000": 1}',
        b'["\\ud800"]',
        b"[" * 10_000 + b"]" * 10_000,
        b"[" * 500_000,
        b"9" * 5_000,
        b"9" * 2_000,
    ],
)
def test_json_that_cannot_be_stored_is_rejected_with_a_reason(raw):
    with pytest.raises(BadRequest) as error:
        read_json(raw)
    assert error.value.detail != BadRequest.text


def test_nesting_is_allowed_up_to_the_limit():
    assert read_json("[" * MAX_DEPTH + "]" * MAX_DEPTH)
    with pytest.raises(BadRequest):
        read_json("[" * (MAX_DEPTH + 2) + "]" * (MAX_DEPTH + 2))


@pytest.mark.parametrize(
    ("params", "errors"),
    [
        ({"prompt": "a cat"}, {}),
        ({"prompt": "a cat", "unknown": object}, {}),
        ({}, {"prompt": "This is required."}),
        ({"prompt": ""}, {"prompt": "Must not be empty."}),
        ({"prompt": 7}, {"prompt": "Must be text."}),
        ({"prompt": "a", "seed": 1.5}, {"seed": "Must be a whole number."}),
        ({"prompt": "a", "seed": -1}, {"seed": "Must be at least 0."}),
        ({"prompt": "a", "size": []}, {"size": "Must be a whole number or text."}),
        ({"prompt": "a", "aspect_ratio": "2:1"}, {"aspect_ratio": "Must be one of 1:1, 16:9."}),
    ],
)
def test_invalid_parameters_get_an_error_message_for_each_field(params, errors):
    assert validation_errors(IMAGE, params) == errors


@pytest.mark.parametrize(
    ("params", "errors"),
    [
        ({}, {"prompt": "Enter a prompt or several shots."}),
        ({"prompt": "", "multi_prompt": []}, {"prompt": "Enter a prompt or several shots."}),
        (
            {"prompt": "a", "multi_prompt": [{"prompt": "b"}]},
            {"multi_prompt": "Enter a prompt or several shots, not both."},
        ),
        ({"multi_prompt": [{"duration": 2}]}, {"multi_prompt": "[0] Must have prompt."}),
        ({"multi_prompt": [{"prompt": "a"}] * 3}, {"multi_prompt": "Must have at most 2 items."}),
    ],
)
def test_a_model_with_shots_requires_either_shots_or_a_prompt(params, errors):
    assert validation_errors(SHOTS, params) == errors


@pytest.mark.parametrize(
    "schema",
    [
        {"properties": {"a": {"type": "no such type"}}},
        {"properties": {"a": {"minimum": "x"}}},
        {"properties": {"a": {"pattern": "("}}},
        {"properties": {"a": {"multipleOf": 0}}},
        {"properties": {"a": {"$ref": "#/nowhere"}}},
        {"properties": {"a": {"$ref": "file:///etc/hostname"}}},
        {"$ref": "#"},
        {"properties": 7},
        {"properties": None},
        [],
        "no schema",
        None,
    ],
    ids=str,
)
def test_an_invalid_schema_rejects_no_parameters(schema):
    assert validation_errors(schema, {"a": "1"}) == {}


@pytest.mark.parametrize("address", ["http://127.0.0.1:9/inside", "file:///etc/hostname"])
def test_a_schema_cannot_make_drover_download_or_open_anything(monkeypatch, address):
    attempts = []
    monkeypatch.setattr("urllib.request.urlopen", lambda *args, **_: attempts.append(args))
    monkeypatch.setattr("socket.socket.connect", lambda *args: attempts.append(args))
    assert validation_errors({"properties": {"a": {"$ref": address}}}, {"a": 1}) == {}
    assert attempts == []


def test_the_prompt_of_a_generation_is_its_prompt_or_those_of_its_shots():
    assert get_prompt({"prompt": "a cat"}) == "a cat"
    assert get_prompt({"multi_prompt": [{"prompt": "dawn"}, {"prompt": "dusk"}]}) == "dawn / dusk"
    assert get_prompt({"image": "https://example.org/a.png"}) == ""
    assert get_prompt({"prompt": 3, "multi_prompt": "x"}) == ""
