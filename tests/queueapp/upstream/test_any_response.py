"""Any response to any call is a message or an error, and can be stored."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from queueapp.upstream.catalog import ModelEntry
from queueapp.upstream.client import Client
from queueapp.upstream.errors import UpstreamError
from queueapp.upstream.history import Account, History, HistoryEntry
from queueapp.upstream.messages import CompletionEvent, Enqueued, Listing, Revision, Row
from queueapp.upstream.parsing import truncate
from queueapp.upstream.redaction import Redactor
from queueapp.upstream.transport import Response, Transport

redact = Redactor("a-secret-key")


NAMES = [
    *("generations", "generation", "generation_id", "id", "model", "model_name", "count", "data", "user"),
    *("status", "status_message", "error", "detail", "message", "title", "error_message", "description"),
    *("enqueued_at", "started_at", "completed_at", "cost", "total_cost", "page_number", "balance"),
    *("result_url", "images", "videos", "image", "video", "result", "url", "prompt", "target_namespace"),
    *("capabilities", "output", "input", "endpoint", "pricing", "request_schema", "username"),
]
scalars = (
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
any_json = st.recursive(
    scalars,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(NAMES) | st.text(max_size=5), inner, max_size=6)
    ),
    max_leaves=25,
)
bodies = any_json.map(json.dumps).map(str.encode) | st.binary(max_size=40)


@settings(max_examples=100, deadline=None)
@given(any_json, st.sampled_from(Revision))
def test_any_json_can_be_parsed_and_the_message_can_be_stored(data, revision):
    messages = [
        Enqueued.parse(data),
        Row.parse(data, redact, revision),
        Listing.parse(data, redact, revision),
        ModelEntry.parse(data, redact),
        HistoryEntry.parse(data, redact),
        History.parse(data, redact),
        Account.parse(data),
        CompletionEvent.parse(data, redact),
    ]
    for message in messages:
        assert "\ud800" not in repr(message)
    if messages[1] is not None:
        json.dumps(messages[1].params, allow_nan=False).encode()
    if messages[2] is not None:
        assert messages[2].count == len(messages[2].rows) == len(data["generations"])


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
def test_any_response_to_any_call_is_a_message_or_an_error(status, body, data):
    client = Client("https://hub.example.org", "a-secret-key", namespace="alice", revision="current")
    headers = {"Retry-After": data.draw(st.text(max_size=5)), "Date": data.draw(st.text(max_size=5))}
    call = data.draw(st.sampled_from(CALLS))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Transport, "exchange", lambda *_, **__: Response(status, headers, body, None, 0.1))
        try:
            outcome = call(client)
        except UpstreamError as error:
            outcome = error
    if isinstance(outcome, UpstreamError):
        assert 0 < len(outcome.message.encode()) < 2100
        assert len(outcome.raw) <= 2001
        assert outcome.safe_to_repeat == (outcome.retryable and not outcome.may_have_happened)
    else:
        assert isinstance(outcome, MESSAGES)


@settings(max_examples=40, deadline=None)
@given(any_json)
def test_truncating_twice_changes_nothing_more(data):
    once = truncate(data, redact)
    assert truncate(once, redact) == once
