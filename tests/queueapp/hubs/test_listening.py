"""Events of a hub: hints that wake the pump."""

import random

import pytest
from django.db import connection as database

from queueapp.models import Connection, Download, Event, Generation, Lease
from queueapp.poller import events, loop, poll, threads
from queueapp.services.lifecycle import pending_events, submitting
from queueapp.upstream.messages import CompletionEvent
from tests import factories
from tests.hub import misbehaviour as mis
from tests.hub.server import until
from tests.queueapp.hubs.conftest import states


def event(upstream_id: str, state: str = "succeeded", **more) -> CompletionEvent:
    fields = {"media_type": "image", "model": None, "url": None, "error": None} | more
    return CompletionEvent(id=upstream_id, state=state, **fields)


def test_what_an_event_told_is_asked_about_without_waiting_for_the_next_list(team, current_hub):
    team = team(current_hub)
    first, second = team.asks(2)
    team.tick(2)
    name = Generation.objects.get(pk=first.pk).upstream_id
    current_hub.finish(name)
    before = len(current_hub.ledger.calls("list"))
    events.record_event(team.connection, event(name))
    loop.tick(team.fence)
    assert states(first, second) == ["succeeded", "processing"]
    assert len(current_hub.ledger.calls("list")) == before


def test_an_event_alone_ends_nothing_that_still_goes(team, current_hub):
    team = team(current_hub)
    made = team.asks()[0]
    team.tick()
    events.record_event(team.connection, event(Generation.objects.get().upstream_id))
    team.tick(2)
    assert states(made) == ["processing"]
    assert Generation.objects.get().completion_event is None


def test_on_a_bridge_hub_the_event_brings_the_result_and_the_failure(team, bridge_hub):
    team = team(bridge_hub)
    good, bad = team.asks(2)
    team.tick()
    names = dict(Generation.objects.values_list("pk", "upstream_id"))
    team.finish()
    events.record_event(team.connection, event(names[good.pk], url="https://files.example/1.png"))
    events.record_event(team.connection, event(names[bad.pk], "failed", error="422 - bad size"))
    team.tick()
    assert states(good, bad) == ["succeeded", "failed"]
    assert Download.objects.get().url == "https://files.example/1.png"
    assert Generation.objects.get(pk=bad.pk).reason == "422 - bad size"


def test_a_result_told_after_it_left_the_list_is_fetched_all_the_same(team, bridge_hub):
    team = team(bridge_hub)
    made = team.asks()[0]
    team.tick()
    team.finish()
    team.tick(2)
    assert states(made) == ["finished"]
    ended_at = Generation.objects.get().ended_at
    events.record_event(
        team.connection, event(Generation.objects.get().upstream_id, url="https://files.example/1.png")
    )
    assert states(made) == ["succeeded"]
    assert Generation.objects.get().ended_at == ended_at
    assert Download.objects.get().url == "https://files.example/1.png"


@pytest.fixture
def _long_rests(monkeypatch):
    """A hub in trouble is never asked again in the same round, however the dice fall."""
    monkeypatch.setattr(random, "random", lambda: 0.9)


@pytest.mark.usefixtures("_long_rests")
def test_an_event_that_comes_before_the_answer_to_the_enqueue_is_not_forgotten(team, bridge_hub):
    team = team(bridge_hub)
    made = team.asks()[0]
    bridge_hub.misbehave("enqueue", mis.reset_after())
    team.tick()
    events.record_event(
        team.connection, event(next(iter(bridge_hub.ledger.generations)), url="https://files.example/1.png")
    )
    team.tick()
    team.finish()
    team.tick(2)
    assert states(made) == ["succeeded"]


@pytest.mark.usefixtures("_long_rests")
@pytest.mark.parametrize("hears_first", [True, False])
def test_an_event_that_comes_while_the_name_is_being_written_down_is_not_forgotten(
    team, bridge_hub, monkeypatch, hears_first
):
    team = team(bridge_hub)
    made = team.asks()[0]
    bridge_hub.misbehave("enqueue", mis.reset_after())
    team.tick()
    told = event(next(iter(bridge_hub.ledger.generations)), url="https://files.example/1.png")
    if hears_first:
        between(monkeypatch, pending_events, "add", team.tick)
        events.record_event(team.connection, told)
    else:
        between(monkeypatch, submitting, "transition", lambda: events.record_event(team.connection, told))
        team.tick()
    team.finish()
    team.tick(2)
    assert states(made) == ["succeeded"]


def between(monkeypatch, owner, step, happens) -> None:
    """Let something happen in another thread just before one step is taken."""
    real = getattr(owner, step)

    def interrupted(*args, **fields):
        monkeypatch.setattr(owner, step, real)
        happens()
        return real(*args, **fields)

    monkeypatch.setattr(owner, step, interrupted)


def test_other_peoples_events_are_kept_for_a_while_and_never_too_many(monkeypatch):
    monkeypatch.setattr(pending_events, "MAX_EVENTS", 3)
    for number in range(9):
        pending_events.add(1, f"stranger {number}", {"state": "succeeded"})
    assert pending_events.pop(1, "stranger 8") is None
    assert pending_events.pop(1, "stranger 0") == {"state": "succeeded"}
    assert pending_events.pop(1, "stranger 0") is None
    monkeypatch.setattr(pending_events, "RETENTION_SECONDS", -1.0)
    pending_events.add(1, "late", {})
    assert pending_events.pop(1, "stranger 1") is None
    pending_events._events.clear()


@pytest.mark.django_db(transaction=True)
def test_the_stream_rings_the_pumps_bell(team, current_hub):
    team = team(current_hub)
    Connection.objects.update(supports_events=None)
    team.asks()
    team.tick()
    connection = team.refreshed()
    listeners = events.EventListeners(lambda: None)
    listeners.hear(connection)
    until(lambda: current_hub.listeners == 1)
    until(lambda: team.refreshed().supports_events)
    bells = Lease.objects.get().wakeups
    team.finish()
    until(lambda: Generation.objects.get().completion_event)
    assert Generation.objects.get().completion_event["state"] == "succeeded"
    until(lambda: Lease.objects.get().wakeups > bells)
    listeners.hear(connection)
    assert current_hub.listeners == 1
    listeners._left = -100.0
    current_hub.hang_up_streams()
    until(lambda: not listeners._threads[connection.pk].is_alive())


@pytest.mark.django_db(transaction=True)
def test_a_hub_without_events_is_not_asked_again(team, current_hub):
    current_hub.misbehave("events", mis.status(404))
    team = team(current_hub)
    Connection.objects.update(supports_events=None)
    listeners = events.EventListeners(lambda: None)
    listeners.hear(team.refreshed())
    until(lambda: team.refreshed().supports_events is False)
    until(lambda: not listeners._threads[team.connection.pk].is_alive())
    listeners.hear(team.refreshed())
    assert not listeners._threads[team.connection.pk].is_alive()


@pytest.mark.django_db(transaction=True)
def test_a_hub_that_hangs_holds_up_neither_the_pump_nor_another_visit(team, current_hub):
    team = team(current_hub)
    made = team.asks()
    current_hub.misbehave("enqueue", mis.hang(0.3))
    lanes_ = threads.HubThreads(lambda: None)
    lanes_.visit(team.connection, team.fence)
    assert lanes_.busy
    lanes_.visit(team.connection, team.fence)  # asked for while one is under way
    until(lambda: not lanes_.busy, 5)
    assert states(*made) == ["uncertain"]
    lanes_.follow_up()
    until(lambda: not lanes_.busy, 5)
    assert team.posts == 1
    database.close()


@pytest.mark.django_db(transaction=True)
def test_one_place_is_visited_by_one_connection_at_a_time(team, current_hub):
    team = team(current_hub)
    second = factories.hub_connection(current_hub, "second", priority=-1)
    factories.hub_model(second, team.image)
    first, other = team.asks()[0], team.asks(model=f"second/{team.image}")[0]
    current_hub.misbehave("enqueue", mis.hang(0.3))
    lanes_ = threads.HubThreads(lambda: None)
    for connection in (team.connection, second):
        lanes_.visit(connection, team.fence)
    until(lambda: not lanes_.busy, 5)
    assert states(first, other) == ["uncertain", "queued"]
    lanes_.follow_up()
    until(lambda: not lanes_.busy, 5)
    assert states(other) == ["processing"]
    database.close()


def test_a_late_event_without_a_link_says_what_it_says(team, bridge_hub):
    team = team(bridge_hub)
    made = team.asks()[0]
    team.tick()
    team.finish()
    team.tick(2)
    events.record_event(team.connection, event(Generation.objects.get().upstream_id))
    assert states(made) == ["finished"]
    assert Event.objects.get(kind=Event.Kind.COMPLETED_LATE).text == (
        "The hub reported success without a link to the result."
    )


def test_a_bridge_hubs_event_that_comes_before_its_row_goes_is_kept(team, bridge_hub):
    team = team(bridge_hub)
    made = team.asks()[0]
    team.tick()
    events.record_event(
        team.connection, event(Generation.objects.get().upstream_id, url="https://files.example/1.png")
    )
    team.tick()
    assert states(made) == ["processing"]
    team.finish()
    team.tick()
    assert states(made) == ["succeeded"]
    assert Download.objects.get().url == "https://files.example/1.png"


def test_a_bridge_hubs_event_that_comes_in_the_moment_of_the_last_look_is_kept(team, bridge_hub, monkeypatch):
    team = team(bridge_hub)
    made = team.asks()[0]
    team.tick()
    team.finish()
    team.tick()
    gone = poll._handle_not_found

    def later(generation, round_):
        told = event(generation.upstream_id, url="https://files.example/1.png")
        events.record_event(team.connection, told)
        gone(generation, round_)

    monkeypatch.setattr(poll, "_handle_not_found", later)
    team.tick()
    assert states(made) == ["succeeded"]


def test_a_failure_that_is_told_late_is_a_failure(team, bridge_hub):
    team = team(bridge_hub)
    made = team.asks()[0]
    team.tick()
    team.finish()
    team.tick(2)
    events.record_event(
        team.connection, event(Generation.objects.get().upstream_id, "failed", error="422 - bad size")
    )
    assert states(made) == ["failed"]
