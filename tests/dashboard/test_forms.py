"""Forms grown from schemas: every hub model's, and the shapes that no form can show well."""

from typing import Any

import pytest
from django.utils.datastructures import MultiValueDict

from dashboard import schema
from dashboard.forms import Composer
from dashboard.shown import Shown
from queueapp.errors import BadParameters
from queueapp.models import MediaModel
from tests import factories


def composer(request_schema: dict[str, Any], **typed: Any) -> Composer:
    model = MediaModel(name="model", request_schema=request_schema)
    lists = {name: value if isinstance(value, list) else [value] for name, value in typed.items()}
    return Composer(model, MultiValueDict({name.replace("__", "-"): each for name, each in lists.items()}))


def of(**properties: Any) -> dict[str, Any]:
    return {"type": "object", "properties": properties}


def field(spec: dict[str, Any], name: str = "thing") -> schema.Field:
    return schema.fields_of(of(**{name: spec}))[0]


@pytest.mark.parametrize(
    ("spec", "kind"),
    [
        ({"type": "integer", "enum": [5, 10]}, "choice"),
        ({"type": "boolean", "default": True}, "choice"),
        ({"type": "integer"}, "integer"),
        ({"type": "number"}, "number"),
        ({"type": ["integer", "null"]}, "integer"),
        ({"anyOf": [{"type": "integer"}, {"type": "null"}]}, "integer"),
        ({"type": ["integer", "string"]}, "mixed"),
        ({"type": "string"}, "text"),
        ({"type": "string", "format": "uri"}, "url"),
        ({"type": "string", "renderType": "image-url"}, "url"),
        ({"type": "array", "items": {"type": "string"}}, "lines"),
        ({"type": "array"}, "lines"),
        ({"type": "array", "items": {"type": "object"}}, "json"),
        ({"type": "object"}, "json"),
        ({}, "json"),
        ({"type": 7}, "json"),
        ({"$ref": "#/nowhere/at/all"}, "json"),
    ],
)
def test_a_parameter_gets_the_field_that_fits_it(spec: dict[str, Any], kind: str) -> None:
    assert field(spec).kind == kind


@pytest.mark.parametrize(
    ("spec", "typed", "value"),
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
def test_what_is_typed_is_read_as_the_parameter_wants_it(
    spec: dict[str, Any], typed: str, value: Any
) -> None:
    read = field(spec).read(typed)
    assert (read, type(read)) == (value, type(value))
    assert field(spec).read(field(spec).write(read)) == value


@pytest.mark.parametrize(
    ("spec", "typed", "words"),
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
def test_what_cannot_be_read_is_refused_with_the_reason(spec: dict[str, Any], typed: str, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        field(spec).read(typed)


def test_a_number_is_the_choice_that_equals_it() -> None:
    assert field({"type": "number", "enum": [24.0, 30.0]}).write(30) == "30.0"


def test_nothing_typed_sends_nothing_not_even_a_default() -> None:
    grown = of(seed={"type": "integer", "default": 4}, audio={"type": "boolean", "default": True})
    assert composer(grown, param__seed="", param__audio="").read() == {}


def test_a_field_that_must_be_filled_begins_with_its_default() -> None:
    grown = of(scale={"type": "number", "default": 2}) | {"required": ["scale"]}
    assert composer(grown).basic[0].value == "2"
    assert composer(grown).read() == {"scale": 2}
    with pytest.raises(BadParameters):
        composer(grown, param__scale="").read()


def test_the_prompt_is_sent_as_it_was_typed_but_for_the_browsers_line_ends() -> None:
    assert composer(of(prompt={"type": "string"}), prompt=" two\r\nlines ").read() == {"prompt": "two\nlines"}


def test_a_model_without_a_prompt_is_sent_none() -> None:
    upscaler = composer(of(video={"type": "string"}), prompt="left over", param__video="https://a.b/c.mp4")
    assert not upscaler.has_prompt
    assert upscaler.read() == {"video": "https://a.b/c.mp4"}


def test_fields_that_the_model_does_not_have_are_left_out() -> None:
    assert composer(
        of(prompt={"type": "string"}), prompt="a", param__seed="3", csrfmiddlewaretoken="x"
    ).read() == {"prompt": "a"}


def test_basic_fields_come_first_and_hidden_ones_not_at_all() -> None:
    grown = of(
        last={"type": "string", "x-order": 9},
        secret={"type": "string", "x-hidden": True},
        first={"type": "string", "x-order": 1},
        second={"type": "string", "x-order": 2},
    ) | {"basic": ["second", "last"]}
    form = composer(grown)
    assert [shown.field.name for shown in form.basic] == ["second", "last"]
    assert [shown.field.name for shown in form.more] == ["first"]


def test_a_parameter_named_like_a_field_of_ours_cannot_take_its_place() -> None:
    form = composer(of(csrfmiddlewaretoken={"type": "string"}, model={"type": "string"}))
    assert [shown.html_name for shown in form.basic + form.more] == ["param-csrfmiddlewaretoken"]


@pytest.mark.django_db
def test_shots_are_sent_in_their_order_and_empty_rows_are_not() -> None:
    form = Composer(
        factories.model("sketch-video"),
        MultiValueDict({"shot-prompt": ["sunrise", "", "noon"], "shot-seconds": ["2", "", ""]}),
    )
    assert form.read() == {"multi_prompt": [{"prompt": "sunrise", "duration": 2}, {"prompt": "noon"}]}


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("typed", "place"),
    [
        ({}, "prompt"),
        ({"prompt": ["a"], "shot-prompt": ["b"]}, "multi_prompt"),
        ({"shot-prompt": [""], "shot-seconds": ["3"]}, "multi_prompt"),
        ({"shot-prompt": ["a"], "shot-seconds": ["soon"]}, "multi_prompt"),
        ({"prompt": ["a"], "param-duration": ["99"]}, "duration"),
        ({"prompt": ["a\0b"]}, "prompt"),
    ],
)
def test_what_the_model_would_refuse_is_told_at_its_field(typed: dict[str, list[str]], place: str) -> None:
    with pytest.raises(BadParameters) as refused:
        Composer(factories.model("sketch-video"), MultiValueDict(typed)).read()
    assert list(refused.value.problems) == [place]


def test_using_it_again_fills_in_everything_that_was_submitted() -> None:
    grown = of(
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
    form = Composer.again(MediaModel(name="m", request_schema=grown), params, 2)
    assert form.read() == params
    assert form.read_count() == 2


@pytest.mark.parametrize(
    ("broken", "names"),
    [
        ({}, []),
        ({"properties": []}, []),
        ({"properties": {"a": 3}}, []),
        ({"basic": 7, "required": 7, "properties": {"a": {}}}, ["a"]),
    ],
)
def test_a_broken_schema_still_makes_a_form(broken: dict[str, Any], names: list[str]) -> None:
    form = composer(broken, prompt="a")
    assert [shown.field.name for shown in form.basic + form.more] == names
    assert form.read() == {}


@pytest.mark.django_db
def test_every_shape_of_field_can_be_rendered_and_read_back() -> None:
    from dashboard import picker

    grown = of(
        prompt={"type": "string", "maxLength": 512},
        ratio={"type": "string", "enum": ["1:1", "16:9"], "default": "1:1", "description": 'with "quotes"'},
        steps={"type": "integer", "minimum": 1, "maximum": 50, "default": 28},
        images={"type": "array", "items": {"type": "string", "format": "uri"}},
        negative_prompt={"type": "string", "default": "blur"},
        position={"type": "object"},
        **{'odd name" onfocus="x': {"type": "string"}},
    )
    html = picker.composer_html(composer(grown))
    assert ' onfocus="' not in html
    assert 'name="param-odd name&quot; onfocus=&quot;x"' in html
    assert 'name="param-steps" value="" inputmode="numeric"' in html
    assert 'title="with &quot;quotes&quot;"' in html
    assert "maxlength" not in html


def test_a_choice_that_a_program_named_is_written_as_people_write_it():
    shown = Shown(field({"enum": ["optimize_for_quality", "a_2", "K_x"], "default": "a_b"}), "", "")
    assert [(choice.value, choice.label) for choice in shown.choices] == [
        ("", "a b (default)"),
        ("optimize_for_quality", "optimize for quality"),
        ("a_2", "a_2"),
        ("K_x", "K_x"),
    ]
