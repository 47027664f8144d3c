"""What an enqueue can meet, and what each means for the person who pays: the design's table, row by row."""

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


@pytest.mark.parametrize("revision", ["classic", "bridge", "current"])
def test_an_id_comes_back_for_each_generation_that_was_made(open_hub, client_of, revision):
    hub = open_hub(revision)
    enqueued = enqueue(client_of(hub), count=3)
    assert list(enqueued.ids) == list(hub.ledger.generations)
    assert set(enqueued.statuses) == {"queued" if revision == "current" else "processing"}


def test_parameters_go_up_untouched_and_the_namespace_is_the_connections_own(hub, client):
    shots = [{"prompt": "dawn", "duration": 3}, {"prompt": "dusk ✨", "duration": 2}]
    params = {"multi_prompt": shots, "cfg_scale": 0.5, "generate_audio": False, "target_namespace": "bob"}
    enqueue(client, "kling-video-o3-pro-reference-to-video", params)
    (made,) = hub.ledger.generations.values()
    assert made.params == {"multi_prompt": shots, "cfg_scale": 0.5, "generate_audio": False}
    assert made.namespace == "alice"


def test_a_parameter_cannot_change_the_model_or_the_count(hub, client):
    enqueue(client, params={"prompt": "x", "model": "google-veo-3", "num_generations": 4})
    assert [made.model for made in hub.ledger.generations.values()] == ["flux-1-dev"]


@pytest.mark.parametrize("code", [429, 503])
@pytest.mark.parametrize(("header", "wait"), [("7", 7.0), (None, None), ("soon", None), ("999999", 3600.0)])
def test_a_busy_hub_has_made_nothing_and_says_when_to_come_back(hub, client, code, header, wait):
    hub.misbehave("enqueue", mis.busy(code, header))
    with pytest.raises(Busy) as met:
        enqueue(client)
    assert met.value.safe_to_repeat
    assert met.value.retry_after == wait
    assert not hub.ledger.generations


def test_a_date_to_come_back_at_is_read_by_the_hubs_own_clock(hub, client):
    hub.skew = 5000.0
    late = mis.answer(503, Retry_After="Sun, 22 Nov 2026 12:00:30 GMT", Date="Sun, 22 Nov 2026 12:00:00 GMT")
    past = mis.answer(503, Retry_After="Sun, 22 Nov 2020 12:00:30 GMT")
    hub.misbehave("enqueue", late, past)
    waits = []
    for _ in range(2):
        with pytest.raises(Busy) as met:
            enqueue(client)
        waits.append(met.value.retry_after)
    assert waits[1] == 0.0
    assert 0.0 <= waits[0] <= 3600.0


@pytest.mark.parametrize("code", [400, 404, 415, 422, 405, 409, 410, 413, 431])
def test_a_refusal_is_for_good_and_in_the_hubs_words(hub, client, code):
    hub.misbehave("enqueue", mis.status(code))
    with pytest.raises(RequestRejected, match=f"made-up {code}") as met:
        enqueue(client)
    assert not met.value.retryable
    assert not met.value.may_have_happened
    assert met.value.status == code


@pytest.mark.parametrize(
    ("model", "count", "words"),
    [
        ("no-such-model", 1, "Model not found: no-such-model"),
        ("gpt-4o", 1, ":unsupported_media_type"),
        ("flux-1-dev", 9, "num_generations must be an integer between 1 and 4"),
    ],
)
def test_what_the_hub_checks_at_enqueue_is_refused_in_its_words(client, model, count, words):
    with pytest.raises(RequestRejected, match=words):
        enqueue(client, model, count=count)


def test_no_generations_beside_an_error_is_a_refusal(hub, client):
    hub.misbehave("enqueue", mis.empty_with_error("The input image is too small"))
    with pytest.raises(RequestRejected, match="too small") as met:
        enqueue(client)
    assert "generations" in met.value.raw


def test_no_generations_beside_an_error_without_words_is_still_a_refusal(hub, client):
    hub.misbehave("enqueue", mis.answer(200, {"generations": [], "error": {"code": 7}}))
    with pytest.raises(RequestRejected, match="no reason"):
        enqueue(client)


@pytest.mark.parametrize("code", [401, 403])
def test_a_key_that_is_not_accepted_is_nobodys_fault_but_the_connections(hub, client, code):
    hub.misbehave("enqueue", mis.status(code))
    with pytest.raises(InvalidKey) as met:
        enqueue(client)
    assert not met.value.retryable
    assert not met.value.may_have_happened


def test_a_wrong_key_is_known_by_a_real_refusal(hub, client_of):
    with pytest.raises(InvalidKey, match="unauthenticated"):
        enqueue(client_of(hub, key="another-key-0123456789"))


def test_an_empty_account_is_known_as_such(open_hub, client_of):
    client = client_of(open_hub(credits={"alice": 0}))
    with pytest.raises(OutOfCredits, match="Insufficient credits") as met:
        enqueue(client)
    assert not met.value.may_have_happened


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
def test_an_answer_that_says_nothing_leaves_it_open_whether_it_was_made(hub, client, plan):
    hub.misbehave("enqueue", plan)
    with pytest.raises(AmbiguousResponse) as met:
        enqueue(client)
    assert met.value.may_have_happened
    assert not met.value.safe_to_repeat
    assert bool(hub.ledger.generations) == plan.worked
    assert len(hub.ledger.calls("enqueue")) == 1, "a paid call was repeated"


def test_a_host_that_takes_no_connections_has_made_nothing(nobody_home):
    with (
        Client(nobody_home, KEY) as client,
        pytest.raises(Unreachable, match="does not take connections") as met,
    ):
        enqueue(client)
    assert met.value.safe_to_repeat


def test_fewer_ids_than_asked_for_are_told_as_they_are(hub, client):
    hub.misbehave("enqueue", mis.fewer(1))
    assert len(enqueue(client, count=3).ids) == 2
    assert len(hub.ledger.generations) == 3


def test_more_ids_than_asked_for_are_told_as_they_are(hub, client):
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
def test_ids_are_found_in_every_shape_they_have_come_in(hub, client, body, code):
    hub.misbehave("enqueue", mis.answer(code, body))
    enqueued = enqueue(client)
    assert (enqueued.ids, enqueued.statuses) == (("a-1",), ("queued",))


@pytest.mark.parametrize("value", [float("nan"), {1, 2}, object()])
def test_parameters_that_are_no_json_never_leave(hub, client, value):
    with pytest.raises(RequestRejected, match="JSON"):
        enqueue(client, params={"prompt": value})
    assert not hub.ledger.requests


def test_a_kept_connection_that_has_idled_is_not_trusted_with_a_paid_call(hub, client, monkeypatch):
    client.list_generations()
    enqueue(client)
    monkeypatch.setattr("queueapp.upstream.transport.MAX_IDLE", 0.0)
    enqueue(client)
    client.list_generations()
    first, kept, fresh, last = (asked.peer for asked in hub.ledger.requests)
    assert first == kept != fresh == last


def test_the_key_and_nothing_but_the_order_is_sent(hub, client):
    enqueue(client)
    (asked,) = hub.ledger.requests
    assert asked.key == KEY
    assert asked.headers["content-type"] == "application/json"
    assert asked.size == len(
        json.dumps({**PARAMS, "model": "flux-1-dev", "num_generations": 1, "target_namespace": "alice"})
    )


@pytest.mark.parametrize("revision", ["classic", "bridge", "current"])
def test_of_a_hub_that_goes_wrong_half_the_time_nothing_untrue_is_ever_believed(
    open_hub, client_of, revision
):
    hub = open_hub(revision, misbehave=0.5, seed=20261122, hang_seconds=0.005)
    client = client_of(hub)
    outcomes = set()
    for number in range(60):
        try:
            ids = set(enqueue(client, params={"prompt": str(number)}).ids)
        except UpstreamError as error:
            ids = set() if not error.may_have_happened else None
            outcomes.add(type(error))
        made = {made.id for made in hub.ledger.of_post(len(hub.ledger.requests))}
        assert ids is None or ids == made
        try:
            listed = {row.id for row in client.list_generations("flux-1-dev").rows}
        except UpstreamError as error:
            outcomes.add(type(error))
        else:
            assert listed == {made.id for made in hub.ledger.live}
    assert outcomes == {Busy, AmbiguousResponse}


def test_an_order_whose_connecting_took_all_the_time_is_not_sent(hub, client_of, monkeypatch):
    connect = sockets._Watched.connect

    def slow(connection):
        time.sleep(0.1)
        connect(connection)

    monkeypatch.setattr(sockets._Watched, "connect", slow)
    with pytest.raises(Unreachable):
        client_of(hub, call_timeout=0.05).enqueue("flux-1-dev", {"prompt": "x"}, 1)
    assert not hub.ledger.calls("enqueue")
