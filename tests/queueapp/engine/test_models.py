"""Check the descriptions of the built-in models and their schemas."""

import subprocess
import sys

import jsonschema
import pytest

from queueapp.builtin_models import MODELS

SCHEMAS = {model.name: model.request_schema for model in MODELS}


@pytest.mark.parametrize("name", SCHEMAS)
def test_every_schema_is_a_json_schema_whose_fields_explain_themselves(name):
    schema = SCHEMAS[name]
    jsonschema.Draft202012Validator.check_schema(schema)
    assert set(schema["basic"]) <= set(schema["properties"])
    assert all(field["title"] and field["description"] for field in schema["properties"].values())
    order = [field["x-order"] for field in schema["properties"].values()]
    assert order == sorted(set(order))


@pytest.mark.parametrize(
    ("name", "params", "good"),
    [
        ("sketch-image", {"prompt": "a"}, True),
        ("sketch-image", {"prompt": "a", "guidance": 3}, True),
        ("sketch-image", {}, False),
        ("sketch-image", {"prompt": "a", "seed": -1}, False),
        ("sketch-image", {"prompt": "a", "output_format": "jpeg"}, True),
        ("sketch-image", {"prompt": "a", "aspect_ratio": "5:1"}, False),
        ("sketch-image", {"prompt": "a", "image_url": "https://example.com/a.png"}, True),
        ("sketch-image", {"prompt": "a", "image_url": 3}, False),
        ("sketch-video", {"prompt": "a", "duration": 15}, True),
        ("sketch-video", {"prompt": "a", "duration": 16}, False),
        ("sketch-video", {"multi_prompt": [{"prompt": "a", "duration": 2}]}, True),
        ("sketch-video", {"multi_prompt": []}, False),
        ("sketch-video", {"prompt": "a", "multi_prompt": [{"prompt": "b"}]}, False),
        ("sketch-video", {"duration": 3}, False),
    ],
)
def test_the_schema_accepts_what_can_be_rendered_and_refuses_the_rest(name, params, good):
    assert jsonschema.Draft202012Validator(SCHEMAS[name]).is_valid(params) is good


def test_the_catalog_has_an_image_a_video_and_a_text_model():
    assert {model.name: model.media_type for model in MODELS} == {
        "sketch-image": "image",
        "sketch-video": "video",
        "sketch-text": "text",
    }
    assert all(model.capabilities["output"] == [model.media_type] for model in MODELS)


def test_an_image_can_be_the_input_of_the_image_model():
    model = next(model for model in MODELS if model.name == "sketch-image")
    assert model.capabilities["input"] == ["text", "image"]
    assert model.request_schema["properties"]["image_url"]["format"] == "uri"


def test_describing_the_models_loads_no_image_or_video_library():
    code = "import sys, queueapp.builtin_models; sys.exit(bool({'PIL', 'av'} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
