"""Every known form of a hub's messages about generations is read correctly."""

import json

import pytest

from queueapp.upstream.messages import CompletionEvent, Revision, Row
from queueapp.upstream.redaction import Redactor

redact = Redactor("a-secret-key")


def row(revision=Revision.CURRENT, **fields):
    parsed = Row.parse({"generation_id": "a", **fields}, redact, revision)
    assert parsed is not None
    return parsed


@pytest.mark.parametrize("state", ["queued", "processing", "warming_up", "Moderating 👀", "canceled", "done"])
def test_every_other_state_is_kept_and_counts_as_active(state):
    assert (row(status=state).state, row(status=state).ended) == (state, False)


@pytest.mark.parametrize("state", ["succeeded", "failed", "cancelled"])
def test_a_documented_end_state_counts_as_ended(state):
    assert row(status=state).ended


@pytest.mark.parametrize("value", ["success", "error", 200, None, [], "", "x" * 500, "a\nb"])
def test_a_status_that_describes_the_response_is_not_a_state(value):
    assert row(status=value).state is None


def test_a_row_under_generation_is_read_without_the_status_around_it():
    body = {
        "status": "success",
        "status_message": "resource_found",
        "generation": {"generation_id": "a", "status": "processing", "prompt": "x"},
    }
    nested = Row.parse(body, redact)
    assert (nested.id, nested.state, nested.error) == ("a", "processing", None)


def test_a_parameter_named_generation_is_not_read_as_the_row():
    assert row(generation={"generation_id": "b"}).id == "a"


def test_parameters_in_place_of_the_hubs_fields_are_ignored():
    parsed = row(
        started_at="at dawn",
        completed_at={"a": 1},
        media_type=7,
        error_message=["x"],
        result_url={"url": "x"},
        target_namespace=5,
        model=["m"],
        model_name="flux",
    )
    assert (parsed.started_at, parsed.completed_at, parsed.error, parsed.result_url) == (None,) * 4
    assert (parsed.namespace, parsed.model, parsed.params) == (None, "flux", {})


def test_on_a_classic_hub_a_parameter_cannot_end_a_generation():
    """Its rows have no state and no result, so fields of these names are parameters."""
    parsed = row(Revision.CLASSIC, status="succeeded", result_url="https://example.org/x", error_message="no")
    assert (parsed.state, parsed.ended, parsed.result_url, parsed.error) == (None, False, None, None)


def test_a_listed_row_with_parameters_in_place_of_the_hubs_fields_is_read(open_hub, client_of):
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
def test_the_link_to_the_result_is_found_in_every_known_place(fields):
    assert row(status="succeeded", **fields).result_url == URL
    event = {"generation_id": "a", "status": "succeeded", **fields}
    assert CompletionEvent.parse(event, redact).url == URL


@pytest.mark.parametrize("state", ["queued", "processing", "failed", None])
def test_an_echoed_input_is_not_read_as_a_result(state):
    assert row(status=state, images=[{"url": URL}], image={"url": URL}).result_url is None
    assert row(status="succeeded", result_url=None, images=[{"url": URL}]).result_url is None


def test_the_error_message_of_the_row_is_used_first():
    assert row(status="failed", error_message="bad input", error={"detail": "d"}).error == "bad input"


def test_a_stored_error_is_cut_and_contains_no_key_and_no_file():
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


def test_a_huge_echo_is_cut():
    big = row(
        prompt="x" * 10**6,
        input_image=["data:image/png;base64," + "A" * 10**5] * 1000,
        deep=json.loads("[" * 500 + "]" * 500),
        wide={str(n): "y" * 1000 for n in range(10_000)},
    )
    assert len(json.dumps(big.params)) < 300_000
    assert big.params["input_image"][0].startswith("data:image/png;base64,AAAA")
