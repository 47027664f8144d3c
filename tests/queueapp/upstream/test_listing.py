"""Endings are read off lists, so only a list that is whole and well-formed is ever taken for one."""

import pytest

from queueapp.upstream.errors import (
    AmbiguousResponse,
    Busy,
    NotFoundAtHub,
    NotSupported,
    RequestRejected,
    UpstreamError,
)
from tests.hub import misbehaviour as mis

REVISIONS = ["classic", "bridge", "current"]
SLASHED = {
    "id": "acme/fast/painter v2?#%",
    "capabilities": {"input": ["text"], "output": ["image"]},
    "endpoint": "/images/generate",
}


@pytest.mark.parametrize("revision", REVISIONS)
def test_what_is_going_is_listed_with_its_parameters_in_every_revision(open_hub, client_of, revision):
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
def test_what_has_ended_has_left_the_list(open_hub, client_of, revision):
    hub = open_hub(revision)
    client = client_of(hub)
    done, failed, cancelled = client.enqueue("flux-1-dev", {"prompt": "a cat"}, 3).ids
    hub.finish(done)
    hub.fail(failed)
    client.cancel(cancelled)
    assert client.list_generations("flux-1-dev").rows == ()
    assert hub.ledger.generations[cancelled].state == "cancelled"


@pytest.mark.parametrize("revision", REVISIONS)
def test_a_model_with_slashes_and_signs_is_found_in_every_revision(open_hub, client_of, revision):
    client = client_of(open_hub(revision, models=[SLASHED]))
    client.enqueue(SLASHED["id"], {"prompt": "x"}, 1)
    assert client.list_generations(SLASHED["id"]).count == 1
    assert client.get_model(SLASHED["id"]).media_type == "image"


def test_a_current_hub_lists_everything_of_a_namespace_in_one_call(open_hub, client_of):
    hub = open_hub("current", keys={"key-of-alice-012345": "alice", "key-of-team-012345": "team"})
    hub.make("flux-1-dev", {"prompt": "by a script"}, user="alice", namespace="team")
    client = client_of(hub, namespace="team")
    client.enqueue("google-veo-3", {"prompt": "ours"}, 1)
    assert {row.params["prompt"] for row in client.list_generations().rows} == {"by a script", "ours"}
    assert client.list_generations(namespace="alice").rows == ()
    assert hub.ledger.requests[-2].query == {"namespace": "team"}


def test_a_current_hub_lists_what_has_ended_when_asked_for_that_state(hub, client):
    (generation,) = client.enqueue("flux-1-dev", {"prompt": "a cat"}, 1).ids
    hub.finish(generation)
    (row,) = client.list_generations(status="succeeded").rows
    assert (row.id, row.state, row.ended) == (generation, "succeeded", True)
    assert row.result_url


@pytest.mark.parametrize("how", [{"model": None}, {"namespace": None}])
def test_a_classic_hub_is_not_asked_what_it_cannot_answer(open_hub, client_of, how):
    hub = open_hub("classic")
    client = client_of(hub, namespace=how.get("namespace", "alice"))
    with pytest.raises(NotSupported):
        client.list_generations(how.get("model", "flux-1-dev"))
    assert not hub.ledger.requests


NO_LISTS = [
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
def test_an_answer_that_is_no_whole_list_says_nothing_about_any_generation(open_hub, client_of, revision):
    hub = open_hub(revision)
    client = client_of(hub)
    client.enqueue("flux-1-dev", {"prompt": "a cat"}, 1)
    hub.misbehave("list", *NO_LISTS)
    for plan in NO_LISTS:
        with pytest.raises(UpstreamError) as met:
            client.list_generations("flux-1-dev")
        assert type(met.value) is AmbiguousResponse, plan.name
    assert client.list_generations("flux-1-dev").count == 1


def test_a_busy_hub_tells_nothing_but_when_to_ask_again(hub, client):
    hub.misbehave("list", mis.busy(429, "3"))
    with pytest.raises(Busy) as met:
        client.list_generations()
    assert met.value.retry_after == 3.0


@pytest.mark.parametrize("count", [1, "1", 1.0, None])
def test_a_count_that_fits_or_is_missing_is_fine(hub, client, count):
    hub.misbehave("list", mis.answer(200, {"count": count, "generations": [{"generation_id": "a"}]}))
    assert client.list_generations().count == 1


# One generation


@pytest.mark.parametrize("revision", ["bridge", "current"])
def test_one_generation_can_be_asked_for(open_hub, client_of, revision):
    client = client_of(open_hub(revision))
    (generation,) = client.enqueue("flux-1-dev", {"prompt": "a cat"}, 1).ids
    assert client.get_generation(generation).params["prompt"] == "a cat"


def test_an_ended_generation_stays_on_a_current_hub_and_is_gone_from_a_bridge(open_hub, client_of):
    for revision in ("bridge", "current"):
        hub = open_hub(revision)
        client = client_of(hub)
        (generation,) = client.enqueue("flux-1-dev", {"prompt": "a cat"}, 1).ids
        hub.fail(generation, "DataInspectionFailed")
        if revision == "bridge":
            with pytest.raises(NotFoundAtHub, match="could not be found"):
                client.get_generation(generation)
        else:
            row = client.get_generation(generation)
            assert (row.state, row.error, row.ended) == ("failed", "DataInspectionFailed", True)


def test_a_classic_hub_is_not_asked_about_one(open_hub, client_of):
    with pytest.raises(NotSupported):
        client_of(open_hub("classic")).get_generation("a")


#: The stand-in hub's name of a call, by the client's method.
CALLS = {"get_generation": "one", "cancel": "cancel", "get_history_entry": "generation"}


@pytest.mark.parametrize("ask", CALLS)
@pytest.mark.parametrize(
    "plan",
    [
        mis.html(404),
        mis.answer(404),
        mis.answer(404, {"errors": {"detail": "Not Found"}}),
        mis.answer(404, {"detail": "Not Found"}),
        mis.status(500),
        mis.status_error(),
        mis.half_json(),
        mis.answer(200, {}),
        mis.answer(200, {"generation_id": "somebody-elses", "error": {"message": "?"}}),
    ],
    ids=lambda plan: plan.name,
)
def test_a_404_that_is_not_the_hubs_own_or_nonsense_ends_nothing(hub, client, ask, plan):
    (generation,) = client.enqueue("flux-1-dev", {"prompt": "a cat"}, 1).ids
    hub.misbehave(CALLS[ask], plan)
    with pytest.raises(AmbiguousResponse):
        getattr(client, ask)(generation)


@pytest.mark.parametrize("ask", CALLS)
def test_what_the_hub_says_is_not_there_is_not_there(client, ask):
    with pytest.raises(NotFoundAtHub) as met:
        getattr(client, ask)("11111111-2222-4333-8444-555555555555")
    assert not met.value.retryable


@pytest.mark.parametrize("bad", ["..", ".", "", "a/b", "../models", "%2e%2e", "a b", "é", "a\n"])
@pytest.mark.parametrize("ask", CALLS)
def test_an_id_can_never_lead_to_another_path(hub, client, ask, bad):
    with pytest.raises(RequestRejected):
        getattr(client, ask)(bad)
    assert not hub.ledger.requests


@pytest.mark.parametrize("bad", ["..", "a/../b", "", "a//b", "./a", "a\nb", "\ud800"])
def test_a_model_or_namespace_can_never_lead_to_another_path(open_hub, client_of, bad):
    hub = open_hub("classic")
    client = client_of(hub)
    for ask in (
        lambda: client.list_generations(bad, "alice") if bad else client.get_model(bad),
        lambda: client.get_model(bad),
    ):
        with pytest.raises(RequestRejected):
            ask()
    if bad == "..":
        with pytest.raises(RequestRejected):
            client.list_generations("flux-1-dev", bad)
    assert not hub.ledger.requests


@pytest.mark.parametrize("revision", REVISIONS)
def test_cancelling_twice_or_too_late_is_told(open_hub, client_of, revision):
    hub = open_hub(revision)
    client = client_of(hub)
    first, second = client.enqueue("flux-1-dev", {"prompt": "a cat"}, 2).ids
    client.cancel(first)
    hub.finish(second)
    for generation in (first, second):
        with pytest.raises(NotFoundAtHub):
            client.cancel(generation)
    assert [made.state for made in hub.ledger.generations.values()] == ["cancelled", "succeeded"]


def test_a_classic_hub_cancels_by_namespace(open_hub, client_of):
    hub = open_hub("classic")
    with pytest.raises(NotSupported):
        client_of(hub, namespace=None).cancel("a")


# The account


def test_history_tells_what_each_generation_cost(hub, client):
    ids = client.enqueue("flux-1-dev", {"prompt": "a cat"}, 3).ids
    page = client.list_history(page=2, page_size=2)
    assert [str(entry.cost) for entry in page.entries] == ["0.04"]
    assert (page.page, page.page_size, page.total_pages, page.total_entries) == (2, 2, 2, 3)
    assert str(page.total_cost) == "0.12"
    entry = client.get_history_entry(ids[0])
    assert (entry.row.id, str(entry.cost), entry.username) == (ids[0], "0.04", "alice")


@pytest.mark.parametrize("revision", ["classic", "bridge"])
def test_older_hubs_are_not_asked_for_a_history(open_hub, client_of, revision):
    client = client_of(open_hub(revision))
    for ask in (client.list_history, lambda: client.get_history_entry("a")):
        with pytest.raises(NotSupported):
            ask()


def test_the_account_is_told_where_the_hub_tells_it(open_hub, client_of):
    hub = open_hub(credits={"alice": 5})
    client = client_of(hub)
    account = client.get_account()
    assert (account.namespace, str(account.balance)) == ("alice", "5")
    hub.tells_account = False
    with pytest.raises(UpstreamError):
        client.get_account()


# The catalog


def test_the_catalog_is_told_and_the_search_finds_more(open_hub, client_of):
    client = client_of(open_hub(unlisted=["z-image-turbo"]))
    listed = {model.id for model in client.list_models()}
    assert "z-image-turbo" not in listed
    assert "gpt-4o" in listed
    assert [model.id for model in client.search_models("z-image")] == ["z-image-turbo"]


def test_the_catalog_is_told_without_a_key(hub, client_of):
    assert client_of(hub, key="").list_models()


def test_a_models_details_come_bare_or_under_data(hub, client):
    for hub.model_under_data in (False, True):
        model = client.get_model("kling-video-o3-pro-reference-to-video")
        assert model.media_type == "video"
        assert "multi_prompt" in model.request_schema["properties"]
        assert model.pricing == {"method": "per_video_output_second", "cost_per_second": 0.224}
    with pytest.raises(NotFoundAtHub, match="Model not found"):
        client.get_model("no-such-model")


@pytest.mark.parametrize("body", [{"data": None}, {}, {"status": "error"}, "models"])
def test_a_catalog_that_is_none_is_not_taken_for_an_empty_one(hub, client, body):
    hub.misbehave("models", mis.answer(200, body))
    with pytest.raises(AmbiguousResponse):
        client.list_models()
