"""What hubs have been met saying, read right; and whatever else they may say, survived."""

import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from queueapp.upstream.catalog import ModelEntry, classify
from queueapp.upstream.client import Client
from queueapp.upstream.errors import (
    LINK_STATUS_ERRORS,
    STATUS_ERRORS,
    AmbiguousResponse,
    RequestRejected,
    UpstreamError,
    error_for_status,
    link_error_for_status,
    parse_retry_after,
)
from queueapp.upstream.history import Account, History, HistoryEntry
from queueapp.upstream.messages import CompletionEvent, Enqueued, Listing, Revision, Row
from queueapp.upstream.parsing import (
    Redactor,
    as_datetime,
    as_decimal,
    as_integer,
    as_link,
    error_text,
    truncate,
)
from queueapp.upstream.transport import Response, Transport

clean = Redactor("a-secret-key")
NOON = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
SECONDS = int(NOON.timestamp())


def row(revision=Revision.CURRENT, **fields):
    read = Row.read({"generation_id": "a", **fields}, clean, revision)
    assert read is not None
    return read


# Times


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
def test_a_time_is_read_in_every_form_it_has_come_in(value):
    assert as_datetime(value) == NOON
    assert row(enqueued_at=value).enqueued_at == NOON


@pytest.mark.parametrize(
    "value",
    [
        *(None, True, "", "soon", [], {}, 0, -5, float("nan"), float("inf"), "1e999", 10**400),
        *("9" * 60, "0001-01-01T00:00+14:00"),
    ],
)
def test_what_is_no_time_is_none(value):
    assert as_datetime(value) is None


# States and rows


@pytest.mark.parametrize("word", ["queued", "processing", "warming_up", "Moderating 👀", "canceled", "done"])
def test_a_state_word_is_kept_as_it_is_and_means_still_going(word):
    assert (row(status=word).state, row(status=word).ended) == (word, False)


@pytest.mark.parametrize("word", ["succeeded", "failed", "cancelled"])
def test_only_the_documented_endings_are_endings(word):
    assert row(status=word).ended


@pytest.mark.parametrize("value", ["success", "error", 200, None, [], "", "x" * 500, "a\nb"])
def test_what_is_no_state_is_not_taken_for_one(value):
    assert row(status=value).state is None


def test_a_row_nested_under_generation_is_read_past_its_envelope():
    body = {
        "status": "success",
        "status_message": "resource_found",
        "generation": {"generation_id": "a", "status": "processing", "prompt": "x"},
    }
    nested = Row.read(body, clean)
    assert (nested.id, nested.state, nested.error) == ("a", "processing", None)


def test_a_parameter_named_generation_is_not_taken_for_the_row():
    assert row(generation={"generation_id": "b"}).id == "a"


def test_parameters_in_the_place_of_system_fields_do_no_harm():
    spoiled = row(
        started_at="at dawn",
        completed_at={"a": 1},
        media_type=7,
        error_message=["x"],
        result_url={"url": "x"},
        target_namespace=5,
        model=["m"],
        model_name="flux",
    )
    assert (spoiled.started_at, spoiled.completed_at, spoiled.error, spoiled.result_url) == (None,) * 4
    assert (spoiled.namespace, spoiled.model, spoiled.params) == (None, "flux", {})


def test_on_a_classic_hub_a_parameter_cannot_end_a_generation():
    """Its rows have no state and no result, so whatever has such a name was submitted."""
    spoof = row(Revision.CLASSIC, status="succeeded", result_url="https://example.org/x", error_message="no")
    assert (spoof.state, spoof.ended, spoof.result_url, spoof.error) == (None, False, None, None)


def test_spoofed_rows_of_a_real_hub_are_read_too(open_hub, client_of):
    hub = open_hub("classic")
    hub.params_on_top = True
    client = client_of(hub)
    client.enqueue("flux-1-dev", {"prompt": "x", "status": "failed", "enqueued_at": "yesterday"}, 1)
    (listed,) = client.list_generations("flux-1-dev").rows
    assert (listed.ended, listed.enqueued_at) == (False, None)


URL = "https://cdn.example.org/a.png?signature=1"


@pytest.mark.parametrize(
    "fields",
    [
        {"result_url": URL},
        {"images": [{"url": URL}]},
        {"videos": [{"url": URL}]},
        {"image": {"url": URL}},
        {"video": {"url": URL}},
        {"result": {"url": URL}},
        {"images": [], "videos": [{"url": 7}], "result": {"url": URL}},
    ],
)
def test_the_result_is_found_wherever_it_has_been_met(fields):
    assert row(status="succeeded", **fields).result_url == URL
    event = {"generation_id": "a", "status": "succeeded", **fields}
    assert CompletionEvent.read(event, clean).url == URL


@pytest.mark.parametrize("state", ["queued", "processing", "failed", None])
def test_an_echoed_input_is_not_taken_for_a_result(state):
    assert row(status=state, images=[{"url": URL}], image={"url": URL}).result_url is None
    assert row(status="succeeded", result_url=None, images=[{"url": URL}]).result_url is None


@pytest.mark.parametrize(
    "value",
    [
        *("javascript:alert(1)", "file:///etc/passwd", "//evil/x", "x", "", "http://", "https://a\n/b"),
        *("data:image/png;base64,AA", 7, None),
    ],
)
def test_what_is_no_link_is_none(value):
    assert as_link(value) is None


@pytest.mark.parametrize(
    ("body", "words"),
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
def test_error_words_are_found_in_the_order_of_their_use(body, words):
    assert error_text(body, clean) == words
    if isinstance(body, dict):
        assert row(status="failed", **body).error == (words or None)


def test_the_rows_own_error_message_comes_first():
    assert row(status="failed", error_message="bad input", error={"detail": "d"}).error == "bad input"


def test_what_is_stored_of_an_error_is_cut_and_without_data_bodies():
    uri = "data:image/png;base64," + "iVBORw0KGgo" * 5_000
    text = f'Getting model response error: 422 - {{"input": "{uri}", "key": "a-SECRET-key"}} \0 \ud800 tail'
    error = row(status="failed", error_message=text).error
    assert len(error) < 2100
    assert error.startswith("Getting model response error: 422")
    assert "tail" in error
    assert "secret" not in error.lower()
    assert error.encode()
    assert "\0" not in error
    assert len(row(status="failed", error_message="x" * 10**6).error) < 2100


def test_an_echo_is_not_trusted_to_be_small():
    big = row(
        prompt="x" * 10**6,
        input_image=["data:image/png;base64," + "A" * 10**5] * 1000,
        deep=json.loads("[" * 500 + "]" * 500),
        wide={str(n): "y" * 1000 for n in range(10_000)},
    )
    assert len(json.dumps(big.params)) < 300_000
    assert big.params["input_image"][0].startswith("data:image/png;base64,AAAA")


# Models


@pytest.mark.parametrize("prefix", ["", "/api/ai", "https://hub.oxen.ai/api/ai"])
@pytest.mark.parametrize(
    ("endpoint", "kind"),
    [
        ("/images/generate", "image"),
        ("/images/edit", "image"),
        ("/videos/generate", "video"),
        ("/videos/generate/", "video"),
        ("/chat/completions", None),
        ("/audio/speech", None),
    ],
)
def test_a_model_without_capabilities_is_known_by_its_endpoint(prefix, endpoint, kind):
    assert classify((), prefix + endpoint) == kind


@pytest.mark.parametrize(
    ("outputs", "endpoint", "kind"),
    [
        (("image",), "/videos/generate", "image"),
        (("video",), "", "video"),
        (("text",), "/images/generate", None),
        (("audio", "video"), "", "video"),
        (("image", "video"), "/videos/generate", "video"),
        (("image", "video"), "/images/edit", "image"),
        ((), "http://[::1", None),
    ],
)
def test_capabilities_come_before_the_endpoint(outputs, endpoint, kind):
    assert classify(outputs, endpoint) == kind


@pytest.mark.parametrize("data", [None, [], {}, {"id": ""}, {"id": 7}, {"id": "a\nb"}, {"data": {}}])
def test_a_model_without_a_name_is_none(data):
    assert ModelEntry.read(data, clean) is None


# Numbers, money, the account


@pytest.mark.parametrize(("value", "read"), [("0.0400", "0.0400"), (0.04, "0.04"), (1, "1"), (" 2 ", "2")])
def test_money_is_read_exactly(value, read):
    assert str(as_decimal(value)) == read


@pytest.mark.parametrize(
    "value", [None, True, "free", "NaN", "Infinity", "1e500", [], float("nan"), "1" * 50]
)
def test_what_is_no_money_is_none(value):
    assert as_decimal(value) is None


@pytest.mark.parametrize(
    ("value", "read"), [(3, 3), ("3", 3), (3.0, 3), (3.5, None), (True, None), ("x", None)]
)
def test_whole_numbers_are_read_as_they_come(value, read):
    assert as_integer(value) == read


@pytest.mark.parametrize(
    ("body", "namespace", "balance"),
    [
        ({"username": "alice", "balance": "1.50"}, "alice", "1.50"),
        ({"status": "success", "user": {"name": "alice", "credits": 3}}, "alice", "3"),
        ({"data": {"namespace": "team", "username": "alice"}}, "team", None),
    ],
)
def test_the_account_is_read_in_the_shapes_it_may_have(body, namespace, balance):
    assert Account.read(body) == Account(namespace, balance and Decimal(balance))


# Statuses


def test_every_status_has_one_meaning_and_only_known_ones_promise_that_nothing_happened():
    for status in range(100, 600):
        kind = error_for_status(status)
        assert kind is AmbiguousResponse or 400 <= status < 500 or status == 503
        assert kind.may_have_happened == (kind is AmbiguousResponse)
        assert link_error_for_status(status)("x").message == "x"


def test_the_tables_hold_no_status_that_its_default_would_say_as_well():
    assert all(
        kind is not RequestRejected or status in (400, 404, 415, 422)
        for status, kind in STATUS_ERRORS.items()
    )
    assert RequestRejected not in LINK_STATUS_ERRORS.values()


@pytest.mark.parametrize(
    ("header", "wait"),
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
def test_the_wait_asked_for_is_read_as_seconds_or_a_date(header, wait):
    assert parse_retry_after(header, NOON) == wait


# Anything at all

NAMES = [
    *("generations", "generation", "generation_id", "id", "model", "model_name", "count", "data", "user"),
    *("status", "status_message", "error", "detail", "message", "title", "error_message", "description"),
    *("enqueued_at", "started_at", "completed_at", "cost", "total_cost", "page_number", "balance"),
    *("result_url", "images", "videos", "image", "video", "result", "url", "prompt", "target_namespace"),
    *("capabilities", "output", "input", "endpoint", "pricing", "request_schema", "username"),
]
leaves = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.integers(10**9, 10**19)
    | st.floats()
    | st.text(max_size=12)
    | st.sampled_from(
        ["succeeded", "success", "a-1", "../x", "https://e.org/x", "//", "1e400", "NaN", "\ud800"]
    )
)
anything = st.recursive(
    leaves,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(NAMES) | st.text(max_size=5), inner, max_size=6)
    ),
    max_leaves=25,
)
bodies = anything.map(json.dumps).map(str.encode) | st.binary(max_size=40)


@settings(max_examples=100, deadline=None)
@given(anything, st.sampled_from(Revision))
def test_any_json_is_a_message_or_none_and_a_message_can_be_stored(data, revision):
    value = [
        Enqueued.read(data),
        Row.read(data, clean, revision),
        Listing.read(data, clean, revision),
        ModelEntry.read(data, clean),
        HistoryEntry.read(data, clean),
        History.read(data, clean),
        Account.read(data),
        CompletionEvent.read(data, clean),
    ]
    for message in value:
        assert "\ud800" not in repr(message)
    if value[1] is not None:
        json.dumps(value[1].params, allow_nan=False).encode()
    if value[2] is not None:
        assert value[2].count == len(value[2].rows) == len(data["generations"])


CALLS = [
    lambda client: client.enqueue("m", {"prompt": "x"}, 1),
    lambda client: client.list_generations("m"),
    lambda client: client.get_generation("a-1"),
    lambda client: client.cancel("a-1"),
    lambda client: client.list_models(),
    lambda client: client.get_model("m"),
    lambda client: client.search_models("m"),
    lambda client: client.list_history(),
    lambda client: client.get_history_entry("a-1"),
    lambda client: client.get_account(),
]
MESSAGES = (Enqueued, Listing, Row, ModelEntry, History, HistoryEntry, Account, tuple, type(None))


@settings(max_examples=100, deadline=None)
@given(st.sampled_from([200, 200, 200, 201, 204, 302, 400, 401, 402, 404, 429, 500, 503]), bodies, st.data())
def test_any_answer_to_any_call_is_a_message_or_an_error_that_knows_what_it_means(status, body, data):
    client = Client("https://hub.example.org", "a-secret-key", namespace="alice", revision="current")
    headers = {"Retry-After": data.draw(st.text(max_size=5)), "Date": data.draw(st.text(max_size=5))}
    call = data.draw(st.sampled_from(CALLS))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Transport, "exchange", lambda *_, **__: Response(status, headers, body, None, 0.1))
        try:
            value = call(client)
        except UpstreamError as error:
            value = error
    if isinstance(value, UpstreamError):
        assert 0 < len(value.message.encode()) < 2100
        assert len(value.raw) <= 2001
        assert value.safe_to_repeat == (value.retryable and not value.may_have_happened)
    else:
        assert isinstance(value, MESSAGES)


@settings(max_examples=40, deadline=None)
@given(st.text(), st.text(max_size=30), st.text(max_size=30))
def test_a_cleaned_text_holds_no_key_whatever_stands_around_it(key, before, after):
    cleaned = Redactor(key)(f"{before}{key}{after}", 10**6)
    assert "\0" not in cleaned
    if len(key) > 5:
        assert key.lower() not in cleaned.lower()


@settings(max_examples=40, deadline=None)
@given(anything)
def test_tidying_twice_changes_nothing_more(data):
    once = truncate(data, clean)
    assert truncate(once, clean) == once


@settings(deadline=None)
@given(st.datetimes(datetime(1990, 1, 1), datetime(2200, 1, 1), timezones=st.just(UTC)))
def test_a_time_survives_every_way_to_write_it(when):
    assert abs(as_datetime(when.timestamp()) - when) < timedelta(milliseconds=1)
    assert abs(as_datetime(when.timestamp() * 1000) - when) < timedelta(milliseconds=1)
    assert as_datetime(when.isoformat()) == when
