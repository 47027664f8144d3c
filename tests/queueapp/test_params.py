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
def test_json_that_can_be_stored_is_read_as_it_is(value):
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
def test_json_that_cannot_be_stored_is_refused_with_a_reason(raw):
    with pytest.raises(BadRequest) as refused:
        read_json(raw)
    assert refused.value.detail


def test_nesting_is_taken_up_to_the_limit():
    assert read_json("[" * MAX_DEPTH + "]" * MAX_DEPTH)


@pytest.mark.parametrize(
    ("params", "found"),
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
def test_what_a_model_would_refuse_is_told_field_by_field_in_plain_words(params, found):
    assert validation_errors(IMAGE, params) == found


@pytest.mark.parametrize(
    ("params", "field"),
    [
        ({}, "prompt"),
        ({"prompt": "", "multi_prompt": []}, "prompt"),
        ({"prompt": "a", "multi_prompt": [{"prompt": "b"}]}, "multi_prompt"),
        ({"multi_prompt": [{"duration": 2}]}, "multi_prompt"),
        ({"multi_prompt": [{"prompt": "a"}] * 3}, "multi_prompt"),
    ],
)
def test_a_model_with_shots_wants_shots_or_a_prompt_and_not_both(params, field):
    assert list(validation_errors(SHOTS, params)) == [field]


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
def test_a_broken_schema_refuses_nothing(schema):
    assert validation_errors(schema, {"a": "1"}) == {}


def test_a_schema_makes_nobody_fetch_anything(monkeypatch):
    def fetch(*_, **__):
        raise AssertionError("It was fetched.")

    monkeypatch.setattr("urllib.request.urlopen", fetch)
    assert validation_errors({"properties": {"a": {"$ref": "http://127.0.0.1:9/inside"}}}, {"a": 1}) == {}


def test_a_generation_is_recognised_by_its_prompt_or_its_shots():
    assert get_prompt({"prompt": "a cat"}) == "a cat"
    assert get_prompt({"multi_prompt": [{"prompt": "dawn"}, {"prompt": "dusk"}]}) == "dawn / dusk"
    assert get_prompt({"image": "https://example.org/a.png"}) == ""
    assert get_prompt({"prompt": 3, "multi_prompt": "x"}) == ""
