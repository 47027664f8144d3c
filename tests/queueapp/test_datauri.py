import pytest
from hypothesis import given
from hypothesis import strategies as st

from queueapp.errors import BadRequest
from queueapp.files.data_uri import DataUri, parse


@given(st.binary(max_size=200))
def test_bytes_come_back_as_they_were(body):
    assert parse(str(DataUri("image/png", body))) == DataUri("image/png", body)


@pytest.mark.parametrize(
    "text", ["data: the new oil, again", "a cat", "", "data:", "https://a/b,c", "data:image/png"]
)
def test_a_prompt_is_no_data_uri(text):
    assert parse(text) is None


@pytest.mark.parametrize(
    ("text", "body"),
    [
        ("data:image/png;base64,aGk=", b"hi"),
        ("data:image/png;base64,aGk", b"hi"),
        ("data:image/png;base64,aG\n k=", b"hi"),
        ("DATA:IMAGE/PNG;BASE64,aGk=", b"hi"),
        ("data:image/svg+xml;charset=utf-8,%3Csvg%3E", b"<svg>"),
        ("data:image/png;base64,_-8", b"\xff\xef"),
    ],
)
def test_the_forms_met_in_practice_are_read(text, body):
    uri = parse(text)
    assert uri is not None
    assert uri.body == body


@pytest.mark.parametrize(
    "text", ["data:image/png;base64,*", "data:image/png;base64,a", "data:image/png;base64,é"]
)
def test_a_broken_one_is_refused(text):
    with pytest.raises(BadRequest):
        parse(text)
