"""Each possible outcome of an enqueue means one thing: accepted, rejected, nothing made, or unknown."""

import json
import time

import pytest

from queueapp.upstream import sockets
from queueapp.upstream.client import Client
from queueapp.upstream.errors import (
    AmbiguousResponse,
    Busy,
    InvalidKey,
    OutOfCredits,
    RequestRejected,
    Unreachable,
    UpstreamError,
)
from tests.hub import misbehaviour as mis
from tests.hub.world import KEY

PARAMS = {"prompt": "a cat", "seed": 7}


def enqueue(client, model="flux-1-dev", params=PARAMS, count=1):
    return client.enqueue(model, params, count)


def only_generation(hub):
    (generation,) = hub.ledger.generations.values()
    return generation


# What is sent


@pytest.mark.parametrize("revision", ["classic", "bridge", "current"])
def test_every_generation_gets_an_id(open_hub, client_of, revision):
    hub = open_hub(revision)
    enqueued = enqueue(client_of(hub), count=3)
    assert list(enqueued.ids) == list(hub.ledger.generations)
    assert set(enqueued.statuses) == {"queued" if revision == "current" else "processing"}


def test_parameters_are_sent_unchanged_with_the_connections_own_namespace(hub, client):
    shots = [{"prompt": "dawn", "duration": 3}, {"prompt": "dusk ✨", "duration": 2}]
    params = {"multi_prompt": shots, "cfg_scale": 0.5, "generate_audio": False, "target_namespace": "bob"}
    enqueue(client, "kling-video-o3-pro-reference-to-video", params)
    assert only_generation(hub).params == {
        "multi_prompt": shots, "cfg_scale": 0.5, "generate_audio": False
    }  # fmt: skip
    assert only_generation(hub).namespace == "alice"


def test_a_parameter_cannot_change_the_model_or_the_number_of_generations(hub, client):
    enqueue(client, params={"prompt": "x", "model": "google-veo-3", "num_generations": 4})
    assert only_generation(hub).model == "flux-1-dev"


def test_nothing_but_the_key_and_the_request_is_sent(hub, client):
    enqueue(client)
    (request,) = hub.ledger.requests
    assert request.key == KEY
    assert request.headers["content-type"] == "application/json"
    body = {**PARAMS, "model": "flux-1-dev", "num_generations": 1, "target_namespace": "alice"}
    assert request.size == len(json.dumps(body))


@pytest.mark.parametrize("value", [float("nan"), {1, 2}, object()])
def test_parameters_that_json_cannot_express_are_not_sent(hub, client, value):
    with pytest.raises(RequestRejected, match="JSON"):
        enqueue(client, params={"prompt": value})
    assert not hub.ledger.requests


def test_an_idle_connection_is_not_used_for_a_call_that_costs_money(hub, client, monkeypatch):
    client.list_generations()
    enqueue(client)
    monkeypatch.setattr("queueapp.upstream.sessions.MAX_IDLE", 0.0)
    enqueue(client)
    client.list_generations()
    first, second, third, fourth = (request.peer for request in hub.ledger.requests)
    assert first == second != third == fourth


def test_nothing_is_sent_if_connecting_took_all_the_time(hub, client_of, monkeypatch):
    connect = sockets._DeadlineConnection.connect

    def connect_slowly(connection):
        time.sleep(0.04)
        connect(connection)

    monkeypatch.setattr(sockets._DeadlineConnection, "connect", connect_slowly)
    with pytest.raises(Unreachable):
        client_of(hub, call_timeout=0.02).enqueue("flux-1-dev", {"prompt": "x"}, 1)
    assert not hub.ledger.calls("enqueue")


# Nothing was made


@pytest.mark.parametrize("code", [429, 503])
@pytest.mark.parametrize(("header", "delay"), [("7", 7.0), (None, None), ("soon", None), ("999999", 3600.0)])
def test_a_busy_hub_has_made_nothing_and_says_when_to_retry(hub, client, code, header, delay):
    hub.misbehave("enqueue", mis.busy(code, header))
    with pytest.raises(Busy) as raised:
        enqueue(client)
    assert raised.value.safe_to_repeat
    assert raised.value.retry_after == delay
    assert not hub.ledger.generations


def test_a_date_for_the_retry_is_compared_with_the_hubs_own_clock(hub, client):
    hub.skew = 5000.0
    hub.misbehave(
        "enqueue",
        mis.answer(503, Retry_After="Sun, 22 Nov 2026 12:00:30 GMT", Date="Sun, 22 Nov 2026 12:00:00 GMT"),
        mis.answer(503, Retry_After="Sun, 22 Nov 2020 12:00:30 GMT"),
    )
    delays = []
    for _ in range(2):
        with pytest.raises(Busy) as raised:
            enqueue(client)
        delays.append(raised.value.retry_after)
    assert 0.0 <= delays[0] <= 3600.0
    assert delays[1] == 0.0


@pytest.mark.parametrize("code", [400, 404, 415, 422, 405, 409, 410, 413, 431])
def test_a_rejection_is_final_and_has_the_hubs_own_message(hub, client, code):
    hub.misbehave("enqueue", mis.status(code))
    with pytest.raises(RequestRejected, match=f"made-up {code}") as raised:
        enqueue(client)
    assert not raised.value.retryable
    assert not raised.value.may_have_happened
    assert raised.value.status == code


@pytest.mark.parametrize(
    ("model", "count", "message"),
    [
        ("no-such-model", 1, "Model not found: no-such-model"),
        ("gpt-4o", 1, ":unsupported_media_type"),
        ("flux-1-dev", 9, "num_generations must be an integer between 1 and 4"),
    ],
)
def test_a_request_that_the_hub_finds_invalid_is_rejected_with_its_message(client, model, count, message):
    with pytest.raises(RequestRejected, match=message):
        enqueue(client, model, count=count)


def test_an_error_without_generations_is_a_rejection(hub, client):
    hub.misbehave("enqueue", mis.empty_with_error("The input image is too small"))
    with pytest.raises(RequestRejected, match="too small") as raised:
        enqueue(client)
    assert "generations" in raised.value.raw


def test_an_error_without_generations_and_without_a_message_is_a_rejection(hub, client):
    hub.misbehave("enqueue", mis.answer(200, {"generations": [], "error": {"code": 7}}))
    with pytest.raises(RequestRejected, match="no reason"):
        enqueue(client)


@pytest.mark.parametrize("code", [401, 403])
def test_a_key_that_is_not_accepted_has_made_nothing(hub, client, code):
    hub.misbehave("enqueue", mis.status(code))
    with pytest.raises(InvalidKey) as raised:
        enqueue(client)
    assert not raised.value.retryable
    assert not raised.value.may_have_happened


def test_a_wrong_key_is_reported_in_the_hubs_words(hub, client_of):
    with pytest.raises(InvalidKey, match="unauthenticated"):
        enqueue(client_of(hub, key="another-key-0123456789"))


def test_an_account_without_credits_is_reported(open_hub, client_of):
    client = client_of(open_hub(credits={"alice": 0}))
    with pytest.raises(OutOfCredits, match="Insufficient credits") as raised:
        enqueue(client)
    assert not raised.value.may_have_happened


def test_a_host_that_refuses_connections_has_made_nothing(closed_address):
    with (
        Client(closed_address, KEY) as client,
        pytest.raises(Unreachable, match="does not accept connections") as raised,
    ):
        enqueue(client)
    assert raised.value.safe_to_repeat


# The outcome is unknown


@pytest.mark.parametrize(
    "plan",
    [
        mis.status(500),
        mis.status(500, worked=True),
        mis.status(501),
        mis.html(502),
        mis.html(502, worked=True),
        mis.status(504, worked=True),
        mis.answer(520, b"cloudflare"),
        mis.answer(408),
        mis.answer(499),
        mis.html(200, worked=True),
        mis.half_json(),
        mis.half_json(worked=False),
        mis.status_error(),
        mis.status_error(worked=True),
        mis.empty_list(),
        mis.empty_list(worked=True),
        mis.answer(200, b""),
        mis.answer(200, b"null"),
        mis.answer(200, b"[]"),
        mis.answer(200, b'"queued"'),
        mis.answer(200, b"[" * 100_000),
        mis.answer(200, b"\xff\xfe\x00"),
        mis.answer(200, {"generations": [{"status": "queued"}]}),
        mis.answer(200, {"generations": [{"generation_id": "../../models"}]}),
        mis.answer(200, {"generations": [{"generation_id": 7}, None, []]}),
        mis.answer(204),
        mis.redirect("/elsewhere", 302),
        mis.redirect("/elsewhere", 307),
        mis.reset_before(),
        mis.reset_after(),
        mis.lost_unseen(),
        mis.hang(0.02),
        mis.hang(0.02, worked=True),
    ],
    ids=lambda plan: f"{plan.name}{' after the work' if plan.worked else ''}",
)
def test_after_an_ambiguous_response_generations_may_have_been_made(hub, client, plan):
    hub.misbehave("enqueue", plan)
    with pytest.raises(AmbiguousResponse) as raised:
        enqueue(client)
    assert raised.value.may_have_happened
    assert not raised.value.safe_to_repeat
    assert bool(hub.ledger.generations) == plan.worked
    assert len(hub.ledger.calls("enqueue")) == 1, "a call that costs money was repeated"


# Accepted


def test_fewer_ids_than_requested_are_returned_as_they_are(hub, client):
    hub.misbehave("enqueue", mis.fewer(1))
    assert len(enqueue(client, count=3).ids) == 2
    assert len(hub.ledger.generations) == 3


def test_more_ids_than_requested_are_returned_as_they_are(hub, client):
    hub.misbehave("enqueue", mis.more(2))
    assert set(enqueue(client, count=1).ids) == set(hub.ledger.generations)


@pytest.mark.parametrize(
    "body",
    [
        {"generations": [{"generation": {"generation_id": "a-1", "status": "queued"}}]},
        {"status": "success", "generation": {"generation_id": "a-1", "status": "queued"}},
        {"status": 200, "generations": [{"generation_id": "a-1", "status": "queued"}, {"id": 5}]},
        {"generations": [{"generation_id": "a-1", "status": "queued"}] * 2, "error": None},
    ],
)
@pytest.mark.parametrize("code", [200, 201, 202])
def test_ids_are_found_in_every_known_form_of_the_response(hub, client, body, code):
    hub.misbehave("enqueue", mis.answer(code, body))
    enqueued = enqueue(client)
    assert (enqueued.ids, enqueued.statuses) == (("a-1",), ("queued",))


@pytest.mark.parametrize("revision", ["classic", "bridge", "current"])
def test_a_hub_that_fails_in_half_of_its_calls_never_misleads_the_client(open_hub, client_of, revision):
    hub = open_hub(revision, misbehave=0.5, seed=20261122, hang_seconds=0.005)
    client = client_of(hub)
    errors = set()
    for number in range(60):
        try:
            ids = set(enqueue(client, params={"prompt": str(number)}).ids)
        except UpstreamError as error:
            ids = None if error.may_have_happened else set()
            errors.add(type(error))
        created = {generation.id for generation in hub.ledger.of_post(len(hub.ledger.requests))}
        assert ids is None or ids == created
        try:
            listed = {row.id for row in client.list_generations("flux-1-dev").rows}
        except UpstreamError as error:
            errors.add(type(error))
        else:
            assert listed == {generation.id for generation in hub.ledger.live}
    assert errors == {Busy, AmbiguousResponse}
