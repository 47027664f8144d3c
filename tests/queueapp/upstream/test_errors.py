"""Every HTTP status has one meaning."""

from datetime import UTC, datetime

import pytest

from queueapp.upstream.errors import (
    LINK_STATUS_ERRORS,
    STATUS_ERRORS,
    AmbiguousResponse,
    RequestRejected,
    error_for_status,
    link_error_for_status,
    parse_retry_after,
)

NOON = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


def test_only_documented_statuses_mean_that_nothing_happened():
    for status in range(100, 600):
        error = error_for_status(status)
        assert error is AmbiguousResponse or 400 <= status < 500 or status == 503
        assert error.may_have_happened == (error is AmbiguousResponse)
        assert link_error_for_status(status)("x").message == "x"


def test_the_status_tables_contain_no_needless_entry():
    assert all(
        error is not RequestRejected or status in (400, 404, 415, 422)
        for status, error in STATUS_ERRORS.items()
    )
    assert RequestRejected not in LINK_STATUS_ERRORS.values()


@pytest.mark.parametrize(
    ("header", "delay"),
    [
        ("0", 0),
        ("1.5", 1.5),
        ("86400", 3600),
        ("-1", None),
        ("9" * 5000, None),
        ("", None),
        (None, None),
        ("Sun, 22 Nov 2026 12:00:30 GMT", 30),
        ("Sun, 22 Nov 2026 11:00:00 GMT", 0),
        ("Sun, 22 Nov 2026 12:00:30 -0000", 30),
        ("Mon, 99 Nov 2026 12:00:30 GMT", None),
    ],
)
def test_a_delay_is_read_from_seconds_or_a_date(header, delay):
    assert parse_retry_after(header, NOON) == delay
