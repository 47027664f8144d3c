"""Which texts in parameters are `data:` URIs, and what they contain."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from queueapp.errors import BadRequest
from queueapp.files.data_uri import DataUri, parse


@given(st.binary(max_size=200))
def test_encoded_bytes_decode_to_the_same_bytes(body):
    assert parse(str(DataUri("image/png", body))) == DataUri("image/png", body)


@pytest.mark.parametrize(
    "text", ["data: the new oil, again", "a cat", "", "data:", "https://a/b,c", "data:image/png"]
)
def test_a_prompt_is_not_a_data_uri(text):
    assert parse(text) is None


@pytest.mark.parametrize(
    ("text", "content_type", "body"),
    [
        ("data:image/png;base64,aGk=", "image/png", b"hi"),
        ("data:image/png;base64,aGk", "image/png", b"hi"),
        ("data:image/png;base64,aG\n k=", "image/png", b"hi"),
        ("DATA:IMAGE/PNG;BASE64,aGk=", "image/png", b"hi"),
        ("data:image/svg+xml;charset=utf-8,%3Csvg%3E", "image/svg+xml", b"<svg>"),
        ("data:image/png;base64,_-8", "image/png", b"\xff\xef"),
    ],
)
def test_forms_that_clients_send_are_decoded(text, content_type, body):
    assert parse(text) == DataUri(content_type, body)


@pytest.mark.parametrize(
    "text", ["data:image/png;base64,*", "data:image/png;base64,a", "data:image/png;base64,é"]
)
def test_invalid_base64_is_refused(text):
    with pytest.raises(BadRequest, match="invalid base64"):
        parse(text)
