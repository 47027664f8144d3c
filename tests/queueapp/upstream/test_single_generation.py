"""A single generation can be requested and cancelled, and only the hub itself can say that it is missing."""

import pytest

from queueapp.upstream.errors import AmbiguousResponse, NotFoundAtHub, NotSupported, RequestRejected
from tests.hub import misbehaviour as mis

REVISIONS = ["classic", "bridge", "current"]


@pytest.mark.parametrize("revision", ["bridge", "current"])
def test_a_single_generation_can_be_requested(open_hub, client_of, revision):
    client = client_of(open_hub(revision))
    (generation,) = client.enqueue("flux-1-dev", {"prompt": "a cat"}, 1).ids
    assert client.get_generation(generation).params["prompt"] == "a cat"


def test_an_ended_generation_remains_on_a_current_hub_and_not_on_a_bridge_hub(open_hub, client_of):
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


def test_a_classic_hub_has_no_call_for_a_single_generation(open_hub, client_of):
    with pytest.raises(NotSupported):
        client_of(open_hub("classic")).get_generation("a")


#: The client's methods for a single generation, with the stand-in hub's names of the calls.
CALLS = {"get_generation": "one", "cancel": "cancel", "get_history_entry": "generation"}


@pytest.mark.parametrize("method", CALLS)
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
def test_an_invalid_response_does_not_mean_that_a_generation_is_missing(hub, client, method, plan):
    (generation,) = client.enqueue("flux-1-dev", {"prompt": "a cat"}, 1).ids
    hub.misbehave(CALLS[method], plan)
    with pytest.raises(AmbiguousResponse):
        getattr(client, method)(generation)


@pytest.mark.parametrize("method", CALLS)
def test_the_hubs_own_404_means_that_a_generation_is_missing(client, method):
    with pytest.raises(NotFoundAtHub) as raised:
        getattr(client, method)("11111111-2222-4333-8444-555555555555")
    assert not raised.value.retryable


@pytest.mark.parametrize("bad", ["..", ".", "", "a/b", "../models", "%2e%2e", "a b", "é", "a\n"])
@pytest.mark.parametrize("method", CALLS)
def test_an_id_cannot_change_the_path_of_a_call(hub, client, method, bad):
    with pytest.raises(RequestRejected):
        getattr(client, method)(bad)
    assert not hub.ledger.requests


@pytest.mark.parametrize("bad", ["..", "a/../b", "", "a//b", "./a", "a\nb", "\ud800"])
def test_a_model_or_namespace_cannot_change_the_path_of_a_call(open_hub, client_of, bad):
    hub = open_hub("classic")
    client = client_of(hub)
    for send in (
        lambda: client.list_generations(bad, "alice") if bad else client.get_model(bad),
        lambda: client.get_model(bad),
    ):
        with pytest.raises(RequestRejected):
            send()
    if bad == "..":
        with pytest.raises(RequestRejected):
            client.list_generations("flux-1-dev", bad)
    assert not hub.ledger.requests


@pytest.mark.parametrize("revision", REVISIONS)
def test_a_second_or_late_cancel_is_reported(open_hub, client_of, revision):
    hub = open_hub(revision)
    client = client_of(hub)
    first, second = client.enqueue("flux-1-dev", {"prompt": "a cat"}, 2).ids
    client.cancel(first)
    hub.finish(second)
    for generation in (first, second):
        with pytest.raises(NotFoundAtHub):
            client.cancel(generation)
    assert [generation.state for generation in hub.ledger.generations.values()] == ["cancelled", "succeeded"]


def test_a_classic_hub_needs_a_namespace_to_cancel(open_hub, client_of):
    hub = open_hub("classic")
    with pytest.raises(NotSupported):
        client_of(hub, namespace=None).cancel("a")
