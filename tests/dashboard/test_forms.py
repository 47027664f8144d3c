"""Build forms from schemas: those of every hub model, and shapes that no control fits."""

from typing import Any

import pytest
from django.utils.datastructures import MultiValueDict

from dashboard.composer.bound_fields import BoundField
from dashboard.composer.fields import Field
from dashboard.composer.form import ComposerForm
from dashboard.composer.prefill import form_from_params
from dashboard.composer.rendering import render_composer
from dashboard.composer.schema import build_fields
from dashboard.composer.validation import read_num_generations, read_params
from queueapp.errors import BadParameters
from queueapp.models import MediaModel
from tests import factories
from tests.pages import Form, read


def make_form(request_schema: dict[str, Any], **data: str) -> ComposerForm:
    """A form for a model with this schema. `param__seed` is the form's `param-seed`."""
    model = MediaModel(name="model", request_schema=request_schema)
    return ComposerForm(
        model, MultiValueDict({name.replace("__", "-"): [text] for name, text in data.items()})
    )


def make_schema(**properties: Any) -> dict[str, Any]:
    return {"type": "object", "properties": properties}


def make_field(spec: dict[str, Any], name: str = "thing") -> Field:
    return build_fields(make_schema(**{name: spec}))[0]


def rendered(form: ComposerForm) -> Form:
    return read(f'<form id="composer">{render_composer(form)}</form>').form()


def basic_names(form: ComposerForm) -> list[str]:
    return [field.name for field in form.fields if field.basic]


def more_names(form: ComposerForm) -> list[str]:
    return [field.name for field in form.fields if not field.basic]


@pytest.mark.parametrize(
    ("spec", "kind"),
    [
        ({"type": "integer", "enum": [5, 10]}, "choice"),
        ({"type": "boolean", "default": True}, "choice"),
        ({"type": "integer"}, "integer"),
        ({"type": "number"}, "number"),
        ({"type": ["integer", "null"]}, "integer"),
        ({"anyOf": [{"type": "integer"}, {"type": "null"}]}, "integer"),
        ({"type": ["integer", "string"]}, "text-or-number"),
        ({"type": "string"}, "text"),
        ({"type": "string", "format": "uri"}, "url"),
        ({"type": "string", "renderType": "image-url"}, "url"),
        ({"type": "array", "items": {"type": "string"}}, "list"),
        ({"type": "array"}, "list"),
        ({"type": "array", "items": {"type": "object"}}, "json"),
        ({"type": "object"}, "json"),
        ({}, "json"),
        ({"type": 7}, "json"),
        ({"$ref": "#/nowhere/at/all"}, "json"),
    ],
)
def test_a_parameter_gets_the_control_for_its_type(spec: dict[str, Any], kind: str) -> None:
    assert make_field(spec).kind == kind


@pytest.mark.parametrize(
    ("spec", "text", "value"),
    [
        ({"type": "integer"}, " 42 ", 42),
        ({"type": "integer"}, "-7", -7),
        ({"type": "number"}, "2", 2),
        ({"type": "number"}, "2.5", 2.5),
        ({"type": "integer", "enum": [5, 10]}, "10", 10),
        ({"type": ["integer", "string"], "enum": ["auto", "4"]}, "4", "4"),
        ({"type": "number", "enum": [24.0, 23.976]}, "24.0", 24.0),
        ({"type": "boolean"}, "true", True),
        ({"type": "boolean"}, "false", False),
        ({"type": ["integer", "string"]}, "auto", "auto"),
        ({"type": ["integer", "string"]}, "8", 8),
        ({"type": "array", "items": {"type": "string"}}, "one\r\n\r\n two \n", ["one", "two"]),
        ({"type": "array", "items": {"type": "integer"}}, "1\n2", [1, 2]),
        ({"type": "object"}, '{"x": [1, null]}', {"x": [1, None]}),
        ({"type": "string"}, "7", "7"),
    ],
)
def test_text_becomes_a_value_of_the_parameters_type(spec: dict[str, Any], text: str, value: Any) -> None:
    field = make_field(spec)
    parsed = field.parse(text)
    assert (parsed, type(parsed)) == (value, type(value))
    assert field.parse(field.format(parsed)) == value


@pytest.mark.parametrize(
    ("spec", "text", "message"),
    [
        ({"type": "integer"}, "1.5", "whole number"),
        ({"type": "integer"}, "1_000", "whole number"),
        ({"type": "integer"}, "٣", "whole number"),
        ({"type": "number"}, "NaN", "number"),
        ({"type": "number"}, "1e999", "number"),
        ({"type": "object"}, "{nonsense", "not JSON"),
        ({"type": "object"}, "[" * 200 + "]" * 200, "nested deeper"),
    ],
)
def test_invalid_text_is_refused_with_a_reason(spec: dict[str, Any], text: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        make_field(spec).parse(text)


def test_a_number_selects_the_choice_equal_to_it() -> None:
    assert make_field({"type": "number", "enum": [24.0, 30.0]}).format(30) == "30.0"


def test_an_empty_field_is_not_sent_even_if_it_has_a_default() -> None:
    schema = make_schema(seed={"type": "integer", "default": 4}, audio={"type": "boolean", "default": True})
    assert read_params(make_form(schema, param__seed="", param__audio="")) == {}


def test_a_required_field_starts_with_its_default() -> None:
    schema = make_schema(scale={"type": "number", "default": 2}) | {"required": ["scale"]}
    assert make_form(schema).bound_fields[0].text == "2"
    assert read_params(make_form(schema)) == {"scale": 2}
    with pytest.raises(BadParameters):
        read_params(make_form(schema, param__scale=""))


def test_the_prompt_is_sent_as_typed_with_plain_line_ends() -> None:
    form = make_form(make_schema(prompt={"type": "string"}), prompt=" two\r\nlines ")
    assert read_params(form) == {"prompt": "two\nlines"}


def test_a_model_without_a_prompt_is_sent_none() -> None:
    schema = make_schema(video={"type": "string"})
    upscaler = make_form(schema, prompt="left over", param__video="https://a.b/c.mp4")
    assert not upscaler.has_prompt
    assert read_params(upscaler) == {"video": "https://a.b/c.mp4"}


def test_parameters_that_the_model_does_not_have_are_not_sent() -> None:
    schema = make_schema(prompt={"type": "string"})
    form = make_form(schema, prompt="a", param__seed="3", csrfmiddlewaretoken="x")
    assert read_params(form) == {"prompt": "a"}


def test_basic_fields_come_first_and_hidden_ones_are_left_out() -> None:
    schema = make_schema(
        last={"type": "string", "x-order": 9},
        secret={"type": "string", "x-hidden": True},
        first={"type": "string", "x-order": 1},
        second={"type": "string", "x-order": 2},
    ) | {"basic": ["second", "last"]}
    form = make_form(schema)
    assert basic_names(form) == ["second", "last"]
    assert more_names(form) == ["first"]


def test_a_parameter_cannot_take_the_place_of_another_form_field() -> None:
    form = make_form(make_schema(csrfmiddlewaretoken={"type": "string"}, model={"type": "string"}))
    assert [bound.html_name for bound in form.bound_fields] == ["param-csrfmiddlewaretoken"]


@pytest.mark.django_db
def test_shots_are_sent_in_order_without_empty_rows() -> None:
    data = MultiValueDict({"shot-prompt": ["sunrise", "", "noon"], "shot-seconds": ["2", "", ""]})
    form = ComposerForm(factories.model("sketch-video"), data)
    assert read_params(form) == {"multi_prompt": [{"prompt": "sunrise", "duration": 2}, {"prompt": "noon"}]}


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("data", "field", "message"),
    [
        ({}, "prompt", "Enter a prompt or several shots."),
        ({"prompt": ["a"], "shot-prompt": ["b"]}, "multi_prompt", "not both"),
        ({"shot-prompt": [""], "shot-seconds": ["3"]}, "multi_prompt", "Shot 1 needs a prompt."),
        ({"shot-prompt": ["a"], "shot-seconds": ["soon"]}, "multi_prompt", "duration of shot 1"),
        ({"prompt": ["a"], "param-duration": ["99"]}, "duration", "at most 15"),
        ({"prompt": ["a\0b"]}, "prompt", "NUL"),
    ],
)
def test_an_invalid_parameter_is_the_only_field_with_an_error(
    data: dict[str, list[str]], field: str, message: str
) -> None:
    with pytest.raises(BadParameters) as refused:
        read_params(ComposerForm(factories.model("sketch-video"), MultiValueDict(data)))
    assert list(refused.value.problems) == [field]
    assert message in refused.value.problems[field]


def test_running_it_again_fills_in_everything_that_was_submitted() -> None:
    schema = make_schema(
        prompt={"type": "string"},
        multi_prompt={"type": "array", "items": {"type": "object"}},
        seed={"type": "integer"},
        audio={"type": "boolean"},
        images={"type": "array", "items": {"type": "string"}},
        elements={"type": "array", "items": {"type": "object"}},
    )
    params = {
        "multi_prompt": [{"prompt": "a", "duration": 3}, {"prompt": "b"}],
        "seed": 0,
        "audio": False,
        "images": ["https://a.b/1.png", "https://a.b/2.png"],
        "elements": [{"frontal_image_url": "https://a.b/ü.png"}],
    }
    form = form_from_params(MediaModel(name="m", request_schema=schema), params, 2)
    assert read_params(form) == params
    assert read_num_generations(form) == 2


@pytest.mark.parametrize(
    ("malformed", "names"),
    [
        ({}, []),
        ({"properties": []}, []),
        ({"properties": {"a": 3}}, []),
        ({"basic": 7, "required": 7, "properties": {"a": {}}}, ["a"]),
    ],
)
def test_a_malformed_schema_still_makes_a_form(malformed: dict[str, Any], names: list[str]) -> None:
    form = make_form(malformed, prompt="a")
    assert basic_names(form) + more_names(form) == names
    assert read_params(form) == {}


@pytest.mark.django_db
def test_every_kind_of_field_is_shown_with_its_texts_escaped() -> None:
    schema = make_schema(
        prompt={"type": "string", "maxLength": 512},
        ratio={"type": "string", "enum": ["1:1", "16:9"], "default": "1:1", "description": 'with "quotes"'},
        steps={"type": "integer", "minimum": 1, "maximum": 50, "default": 28},
        images={"type": "array", "items": {"type": "string", "format": "uri"}},
        negative_prompt={"type": "string", "default": "blur"},
        position={"type": "object"},
        audio_url={"type": "string", "format": "uri"},
        **{'odd name" onfocus="x': {"type": "string"}},
    )
    form = rendered(make_form(schema, prompt="<b>", param__negative_prompt="</textarea><i>"))
    assert form.value("prompt") == "<b>"
    assert form.value("param-negative_prompt") == "</textarea><i>"
    assert form.options("param-ratio") == ["", "1:1", "16:9"]
    assert form.value('param-odd name" onfocus="x') == ""
    assert not form.element.select("[onfocus], [maxlength], i")
    assert form.element.select("[for=field-ratio]")[0]["title"] == 'with "quotes"'
    assert form.element.select("[name=param-steps]")[0]["inputmode"] == "numeric"
    assert form.element.select("[name=param-negative_prompt]")[0]["placeholder"] == "blur"
    assert form.element.select("[data-media=audio] [type=file]")[0]["accept"] == "audio/*"


def test_identifiers_among_the_choices_are_shown_as_words() -> None:
    field = make_field({"enum": ["optimize_for_quality", "a_2", "K_x"], "default": "a_b"})
    choices = BoundField(field, text="", error="").choices
    assert [(choice.value, choice.label) for choice in choices] == [
        ("", "a b (default)"),
        ("optimize_for_quality", "optimize for quality"),
        ("a_2", "a_2"),
        ("K_x", "K_x"),
    ]
