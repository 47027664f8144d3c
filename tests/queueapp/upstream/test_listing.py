"""A generation has left the hub only if a complete list lacks it; every other response proves nothing."""

import pytest

from queueapp.upstream.errors import AmbiguousResponse, Busy, NotSupported, UpstreamError
from tests.hub import misbehaviour as mis

REVISIONS = ["classic", "bridge", "current"]
SLASHED = {
    "id": "acme/fast/painter v2?#%",
    "capabilities": {"input": ["text"], "output": ["image"]},
    "endpoint": "/images/generate",
}


@pytest.mark.parametrize("revision", REVISIONS)
def test_active_generations_are_listed_with_their_parameters(open_hub, client_of, revision):
    client = client_of(open_hub(revision))
    ids = client.enqueue("flux-1-dev", {"prompt": "a cat", "seed": 4}, 2).ids
    client.enqueue("google-veo-3", {"prompt": "a dog"}, 1)
    listing = client.list_generations("flux-1-dev")
    assert tuple(row.id for row in listing.rows) == ids
    assert listing.count == 2
    assert {row.model for row in listing.rows} == {"flux-1-dev"}
    assert listing.rows[0].params == {"prompt": "a cat", "seed": 4}
    assert not any(row.ended for row in listing.rows)


@pytest.mark.parametrize("revision", REVISIONS)
def test_ended_generations_are_not_listed(open_hub, client_of, revision):
    hub = open_hub(revision)
    client = client_of(hub)
    done, failed, cancelled = client.enqueue("flux-1-dev", {"prompt": "a cat"}, 3).ids
    hub.finish(done)
    hub.fail(failed)
    client.cancel(cancelled)
    assert client.list_generations("flux-1-dev").rows == ()
    assert hub.ledger.generations[cancelled].state == "cancelled"


@pytest.mark.parametrize("revision", REVISIONS)
def test_a_model_name_may_contain_slashes_and_special_characters(open_hub, client_of, revision):
    client = client_of(open_hub(revision, models=[SLASHED]))
    client.enqueue(SLASHED["id"], {"prompt": "x"}, 1)
    assert client.list_generations(SLASHED["id"]).count == 1
    assert client.get_model(SLASHED["id"]).media_type == "image"


def test_a_current_hub_lists_a_whole_namespace_in_one_call(open_hub, client_of):
    hub = open_hub("current", keys={"key-of-alice-012345": "alice", "key-of-team-012345": "team"})
    hub.make("flux-1-dev", {"prompt": "by a script"}, user="alice", namespace="team")
    client = client_of(hub, namespace="team")
    client.enqueue("google-veo-3", {"prompt": "ours"}, 1)
    assert {row.params["prompt"] for row in client.list_generations().rows} == {"by a script", "ours"}
    assert client.list_generations(namespace="alice").rows == ()
    assert hub.ledger.requests[-2].query == {"namespace": "team"}


def test_a_current_hub_lists_ended_generations_by_status(hub, client):
    (generation,) = client.enqueue("flux-1-dev", {"prompt": "a cat"}, 1).ids
    hub.finish(generation)
    (row,) = client.list_generations(status="succeeded").rows
    assert (row.id, row.state, row.ended) == (generation, "succeeded", True)
    assert row.result_url


@pytest.mark.parametrize("arguments", [{"model": None}, {"namespace": None}])
def test_a_classic_hub_needs_a_model_and_a_namespace(open_hub, client_of, arguments):
    hub = open_hub("classic")
    client = client_of(hub, namespace=arguments.get("namespace", "alice"))
    with pytest.raises(NotSupported):
        client.list_generations(arguments.get("model", "flux-1-dev"))
    assert not hub.ledger.requests


INCOMPLETE_LISTS = [
    mis.status(500),
    mis.html(502),
    mis.html(200),
    mis.half_json(),
    mis.status_error(),
    mis.answer(200, {"status": "error", "count": 0, "generations": []}),
    mis.answer(200, {"generations": [], "error": {"title": "down for now"}}),
    mis.answer(200, {"count": 1, "generations": []}),
    mis.answer(200, {"count": "some", "generations": []}),
    mis.answer(200, {"count": True, "generations": [{"generation_id": "a"}]}),
    mis.answer(200, {"count": 1, "generations": [{"model": "x"}]}),
    mis.answer(200, {"generations": [{"generation_id": "a"}, "b"]}),
    mis.answer(200, {"generations": [{"generation_id": "../queue"}]}),
    mis.answer(200, {"generations": {"a": 1}}),
    mis.answer(200, {"generations": None}),
    mis.answer(200, {"count": 0}),
    mis.answer(200, b"[]"),
    mis.answer(200, b""),
    mis.answer(201, {"count": 0, "generations": []}),
    mis.answer(206, {"count": 0, "generations": []}),
    mis.redirect("http://example.org/"),
    mis.reset_before(),
    mis.reset_after(),
    mis.hang(0.02),
]


@pytest.mark.parametrize("revision", REVISIONS)
def test_an_incomplete_list_says_nothing_about_any_generation(open_hub, client_of, revision):
    hub = open_hub(revision)
    client = client_of(hub)
    client.enqueue("flux-1-dev", {"prompt": "a cat"}, 1)
    hub.misbehave("list", *INCOMPLETE_LISTS)
    for plan in INCOMPLETE_LISTS:
        with pytest.raises(UpstreamError) as raised:
            client.list_generations("flux-1-dev")
        assert type(raised.value) is AmbiguousResponse, plan.name
    assert client.list_generations("flux-1-dev").count == 1


def test_a_busy_hub_says_when_to_retry(hub, client):
    hub.misbehave("list", mis.busy(429, "3"))
    with pytest.raises(Busy) as raised:
        client.list_generations()
    assert raised.value.retry_after == 3.0


@pytest.mark.parametrize("count", [1, "1", 1.0, None])
def test_a_list_may_have_a_correct_count_or_none(hub, client, count):
    hub.misbehave("list", mis.answer(200, {"count": count, "generations": [{"generation_id": "a"}]}))
    assert client.list_generations().count == 1
