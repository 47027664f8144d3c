"""Times, amounts, links and error messages are read in every known form, and text is redacted."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from queueapp.upstream.messages import Row
from queueapp.upstream.parsing import as_datetime, as_decimal, as_integer, as_url, error_text
from queueapp.upstream.redaction import Redactor

redact = Redactor("a-secret-key")
NOON = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
SECONDS = int(NOON.timestamp())


@pytest.mark.parametrize(
    "value",
    [
        SECONDS,
        float(SECONDS),
        SECONDS * 1000,
        SECONDS * 1_000_000,
        SECONDS * 1_000_000_000,
        str(SECONDS),
        f" {SECONDS}.0 ",
        str(SECONDS * 1000),
        "2026-11-22T12:00:00Z",
        "2026-11-22T12:00:00.000+00:00",
        "2026-11-22T13:00:00+01:00",
        "2026-11-22 12:00:00",
    ],
)
def test_a_time_is_read_in_every_known_form(value):
    assert as_datetime(value) == NOON
    row = Row.parse({"generation_id": "a", "enqueued_at": value}, redact)
    assert row.enqueued_at == NOON


@pytest.mark.parametrize(
    "value",
    [
        *(None, True, "", "soon", [], {}, 0, -5, float("nan"), float("inf"), "1e999", 10**400),
        *("9" * 60, "0001-01-01T00:00+14:00"),
    ],
)
def test_an_invalid_time_is_none(value):
    assert as_datetime(value) is None


@settings(deadline=None)
@given(st.datetimes(datetime(1990, 1, 1), datetime(2200, 1, 1), timezones=st.just(UTC)))
def test_a_time_is_the_same_in_every_form(when):
    assert abs(as_datetime(when.timestamp()) - when) < timedelta(milliseconds=1)
    assert abs(as_datetime(when.timestamp() * 1000) - when) < timedelta(milliseconds=1)
    assert as_datetime(when.isoformat()) == when


@pytest.mark.parametrize(
    "value",
    [
        *("javascript:alert(1)", "file:///etc/passwd", "//evil/x", "x", "", "http://", "https://a\n/b"),
        *("data:image/png;base64,AA", 7, None),
    ],
)
def test_an_invalid_link_is_none(value):
    assert as_url(value) is None


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({"error": {"detail": "d", "message": "m", "title": "t"}, "status_message": "s"}, "d"),
        ({"error": {"message": "m", "title": "t"}, "status_message": "s"}, "m"),
        ({"error": {"detail": "", "title": "t"}, "status_message": "s"}, "t"),
        ({"error": "e", "status_message": "s"}, "e"),
        ({"error": {"detail": 7, "type": "x"}, "status_message": " s "}, "s"),
        ({"error": None}, ""),
        ({}, ""),
        ([], ""),
        (None, ""),
    ],
)
def test_the_most_specific_error_message_is_used(body, message):
    assert error_text(body, redact) == message
    if isinstance(body, dict):
        row = Row.parse({"generation_id": "a", "status": "failed", **body}, redact)
        assert row.error == (message or None)


@pytest.mark.parametrize(
    ("value", "expected"), [("0.0400", "0.0400"), (0.04, "0.04"), (1, "1"), (" 2 ", "2")]
)
def test_money_is_read_exactly(value, expected):
    assert str(as_decimal(value)) == expected


@pytest.mark.parametrize(
    "value", [None, True, "free", "NaN", "Infinity", "1e500", [], float("nan"), "1" * 50]
)
def test_an_invalid_amount_is_none(value):
    assert as_decimal(value) is None


@pytest.mark.parametrize(
    ("value", "expected"), [(3, 3), ("3", 3), (3.0, 3), (3.5, None), (True, None), ("x", None)]
)
def test_whole_numbers_are_read_from_numbers_and_text(value, expected):
    assert as_integer(value) == expected


@settings(max_examples=40, deadline=None)
@given(st.text(), st.text(max_size=30), st.text(max_size=30))
def test_redacted_text_does_not_contain_the_key(key, before, after):
    redacted = Redactor(key)(f"{before}{key}{after}", 10**6)
    assert "\0" not in redacted
    if len(key) > 5:
        assert key.lower() not in redacted.lower()
