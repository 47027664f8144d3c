"""A hub's completion events: hints that bring results within a second, and never end anything alone."""

import random

import pytest

from queueapp.models import Connection, Download, Event, Generation, Lease
from queueapp.poller import events, loop, poll
from queueapp.services.lifecycle import pending_events, submitting
from queueapp.upstream.messages import CompletionEvent
from tests.hub import misbehaviour as mis
from tests.hub.server import until
from tests.queueapp.poller.conftest import reason, states
from tests.queueapp.poller.crashes import run_before

RESULT_URL = "https://files.example/1.png"


def event(upstream_id: str, state: str = "succeeded", **more) -> CompletionEvent:
    fields = {"media_type": "image", "model": None, "url": None, "error": None} | more
    return CompletionEvent(id=upstream_id, state=state, **fields)


def id_of(generation: Generation) -> str:
    """Return a generation's id at the hub."""
    return Generation.objects.get(pk=generation.pk).upstream_id


def result_event(upstream_id: str) -> CompletionEvent:
    return event(upstream_id, url=RESULT_URL)


def test_a_generation_with_an_event_ends_before_the_next_list_is_due(team, current_hub):
    team = team(current_hub)
    first, second = team.asks(2)
    team.tick(2)
    current_hub.finish(id_of(first))
    lists = len(current_hub.ledger.calls("list"))
    events.record_event(team.connection, event(id_of(first)))
    loop.tick(team.fence)
    assert states(first, second) == ["succeeded", "processing"]
    assert len(current_hub.ledger.calls("list")) == lists


def test_an_event_ends_nothing_that_still_runs(team, current_hub):
    team = team(current_hub)
    generation = team.asks()[0]
    team.tick()
    events.record_event(team.connection, event(id_of(generation)))
    team.tick(2)
    assert states(generation) == ["processing"]
    assert Generation.objects.get().completion_event is None


def test_at_a_bridge_hub_events_bring_the_result_and_the_failure(team, bridge_hub):
    team = team(bridge_hub)
    good, bad = team.asks(2)
    team.tick()
    team.finish()
    events.record_event(team.connection, result_event(id_of(good)))
    events.record_event(team.connection, event(id_of(bad), "failed", error="422 - bad size"))
    team.tick()
    assert states(good, bad) == ["succeeded", "failed"]
    assert Download.objects.get().url == RESULT_URL
    assert reason(bad) == "422 - bad size"


@pytest.fixture
def _long_pauses(monkeypatch):
    """Make the random pauses long: a hub in trouble is not called again in the same tick."""
    monkeypatch.setattr(random, "random", lambda: 0.9)


@pytest.mark.usefixtures("_long_pauses")
def test_a_result_whose_event_comes_before_the_response_to_the_submit_is_stored(team, bridge_hub):
    team = team(bridge_hub)
    generation = team.asks()[0]
    team.tick_with("enqueue", mis.reset_after())
    events.record_event(team.connection, result_event(team.at_hub[0].id))
    team.tick()
    team.finish()
    team.tick(2)
    assert states(generation) == ["succeeded"]


@pytest.mark.usefixtures("_long_pauses")
@pytest.mark.parametrize("event_first", [True, False])
def test_a_result_whose_event_comes_while_its_id_is_being_stored_is_stored(
    team, bridge_hub, monkeypatch, event_first
):
    team = team(bridge_hub)
    generation = team.asks()[0]
    team.tick_with("enqueue", mis.reset_after())
    early = result_event(team.at_hub[0].id)
    if event_first:
        run_before(monkeypatch, pending_events, "add", team.tick)
        events.record_event(team.connection, early)
    else:
        run_before(monkeypatch, submitting, "transition", lambda: events.record_event(team.connection, early))
        team.tick()
    team.finish()
    team.tick(2)
    assert states(generation) == ["succeeded"]


def test_events_of_foreign_generations_are_kept_for_a_while_and_never_too_many(monkeypatch):
    monkeypatch.setattr(pending_events, "MAX_EVENTS", 3)
    for number in range(9):
        pending_events.add(1, f"foreign {number}", {"state": "succeeded"})
    assert pending_events.pop(1, "foreign 8") is None
    assert pending_events.pop(1, "foreign 0") == {"state": "succeeded"}
    assert pending_events.pop(1, "foreign 0") is None
    monkeypatch.setattr(pending_events, "RETENTION_SECONDS", -1.0)
    pending_events.add(1, "late", {})
    assert pending_events.pop(1, "foreign 1") is None


@pytest.mark.django_db(transaction=True)
def test_an_event_of_the_hubs_stream_wakes_the_poller(team, current_hub):
    team = team(current_hub)
    Connection.objects.update(supports_events=None)
    team.asks()
    team.tick()
    connection = team.refreshed()
    listeners = events.EventListeners(lambda: None)
    wakeups = Lease.objects.get().wakeups
    listeners.listen(connection)
    until(lambda: current_hub.listeners == 1)
    until(lambda: Lease.objects.get().wakeups == wakeups + 1)
    assert team.refreshed().supports_events
    team.finish()
    until(lambda: Lease.objects.get().wakeups == wakeups + 2)
    assert Generation.objects.get().completion_event["state"] == "succeeded"
    listeners.listen(connection)
    assert current_hub.listeners == 1
    listeners._stopped_at = -100.0
    current_hub.hang_up_streams()
    until(lambda: not listeners._threads[connection.pk].is_alive())


@pytest.mark.django_db(transaction=True)
def test_a_hub_without_an_event_stream_is_not_asked_again(team, current_hub):
    current_hub.misbehave("events", mis.status(404))
    team = team(current_hub)
    Connection.objects.update(supports_events=None)
    listeners = events.EventListeners(lambda: None)
    listeners.listen(team.refreshed())
    until(lambda: team.refreshed().supports_events is False)
    until(lambda: not listeners._threads[team.connection.pk].is_alive())
    listeners.listen(team.refreshed())
    assert not listeners._threads[team.connection.pk].is_alive()


def test_a_result_whose_event_comes_before_its_row_disappears_is_stored(team, bridge_hub):
    team = team(bridge_hub)
    generation = team.asks()[0]
    team.tick()
    events.record_event(team.connection, result_event(id_of(generation)))
    team.tick()
    assert states(generation) == ["processing"]
    team.finish()
    team.tick()
    assert states(generation) == ["succeeded"]
    assert Download.objects.get().url == RESULT_URL


def test_a_result_whose_event_comes_during_the_last_poll_is_stored(team, bridge_hub, monkeypatch):
    team = team(bridge_hub)
    generation = team.asks()[0]
    team.tick()
    team.finish()
    team.tick()
    early = result_event(id_of(generation))
    run_before(monkeypatch, poll, "handle_not_found", lambda: events.record_event(team.connection, early))
    team.tick()
    assert states(generation) == ["succeeded"]


@pytest.fixture
def finished(team, bridge_hub) -> Generation:
    """A generation that has left a bridge hub's list without an event."""
    alices_team = team(bridge_hub)
    alices_team.asks()
    alices_team.tick()
    alices_team.finish()
    alices_team.tick(2)
    generation = Generation.objects.get()
    assert generation.state == "finished"
    return generation


def test_a_result_whose_event_comes_late_is_downloaded_all_the_same(finished):
    events.record_event(finished.connection, result_event(finished.upstream_id))
    assert states(finished) == ["succeeded"]
    assert Generation.objects.get().ended_at == finished.ended_at
    assert Download.objects.get().url == RESULT_URL


def test_a_late_event_without_a_link_leaves_the_result_missing_and_says_so(finished):
    events.record_event(finished.connection, event(finished.upstream_id))
    assert states(finished) == ["finished"]
    assert Event.objects.get(kind=Event.Kind.COMPLETED_LATE).text == (
        "The hub reported success without a link to the result."
    )


def test_a_failure_whose_event_comes_late_is_a_failure(finished):
    events.record_event(finished.connection, event(finished.upstream_id, "failed", error="422 - bad size"))
    assert states(finished) == ["failed"]
    assert reason(finished) == "422 - bad size"
