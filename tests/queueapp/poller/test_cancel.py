"""A cancel stops a generation at the hub, or the user learns why it did not."""

import pytest

from queueapp.models import Event, Generation
from queueapp.services.lifecycle import submitting
from queueapp.upstream.client import Client
from tests.hub import misbehaviour as mis
from tests.queueapp.poller.conftest import reason, states, timeline
from tests.queueapp.poller.crashes import Killed, crash_at, run_before


def test_a_waiting_generation_is_cancelled_without_the_hub(team, any_hub):
    team = team(any_hub)
    generation = team.asks()[0]
    team.cancel(generation)
    team.tick()
    assert states(generation) == ["cancelled"]
    assert team.posts == 0
    assert "Before it started" in timeline(generation)


def test_a_running_generation_is_stopped_at_the_hub(team, any_hub):
    team = team(any_hub)
    first, second = team.asks(2)
    team.tick()
    team.cancel(first)
    team.tick(2)
    assert states(first, second) == ["cancelled", "processing"]
    assert [made.state for made in team.at_hub].count("cancelled") == 1
    assert Event.objects.filter(generation=first, state="cancelled").get().user == team.owner


@pytest.mark.parametrize(("started", "text"), [(False, "before it started"), (True, "while it was running")])
def test_the_timeline_says_whether_a_cancelled_generation_was_running(team, current_hub, started, text):
    team = team(current_hub)
    generation = team.asks()[0]
    team.tick()
    if started:
        current_hub.start(Generation.objects.get(pk=generation.pk).upstream_id)
    team.cancel(generation)
    team.tick()
    assert states(generation) == ["cancelled"]
    assert text in timeline(generation)


def test_a_cancel_after_the_end_is_reported_as_too_late(team, any_hub):
    team = team(any_hub)
    generation = team.asks()[0]
    team.tick()
    team.finish()
    team.cancel(generation)
    team.tick(3)
    assert states(generation) == ["succeeded" if any_hub.revision == "current" else "finished"]
    assert "too late" in timeline(generation)


def test_a_cancel_without_a_response_is_sent_again(team, current_hub):
    team = team(current_hub)
    generation = team.asks()[0]
    team.tick()
    team.cancel(generation)
    team.tick_with("cancel", mis.reset_after())
    team.tick(2)
    assert states(generation) == ["cancelled"]


def test_without_a_response_a_classic_hub_leaves_open_whether_the_cancel_worked(team, classic_hub):
    team = team(classic_hub)
    generation = team.asks()[0]
    team.tick()
    team.cancel(generation)
    team.tick_with("cancel", mis.reset_after())
    team.tick(2)
    assert states(generation) == ["finished"]
    assert "answer to the cancel was lost" in reason(generation)


def test_a_cancel_that_the_poller_died_in_is_not_reported_as_too_late(team, classic_hub, monkeypatch):
    team = team(classic_hub)
    generation = team.asks()[0]
    team.tick()
    team.cancel(generation)
    revive = crash_at(monkeypatch, Client, "cancel", after=True)
    with pytest.raises(Killed):
        team.tick()
    revive()
    team.replace_poller()
    team.tick(3)
    assert states(generation) == ["finished"]
    assert "answer to the cancel was lost" in reason(generation)
    assert "too late" not in timeline(generation)


def test_a_cancel_that_never_reached_the_hub_can_still_come_too_late(team, classic_hub):
    team = team(classic_hub)
    generation = team.asks()[0]
    team.tick()
    team.cancel(generation)
    team.tick_with("cancel", mis.busy())
    assert states(generation) == ["processing"]
    team.finish()
    team.tick(3)
    assert states(generation) == ["finished"]
    assert "too late" in reason(generation)


def test_a_cancel_that_the_hub_never_answers_does_not_delay_the_others(team, current_hub):
    team = team(current_hub)
    first, second = team.asks(2)
    team.tick()
    team.cancel(first)
    team.cancel(second)
    team.tick_with("cancel", mis.status(500))
    assert states(first, second) == ["processing", "cancelled"]


def test_a_cancel_during_a_submit_that_the_hub_postpones_prevents_the_next_submit(
    team, current_hub, monkeypatch
):
    team = team(current_hub)
    generation = team.asks()[0]
    run_before(monkeypatch, submitting, "settle", lambda: team.cancel(generation))
    team.tick_with("enqueue", mis.busy())
    team.tick()
    assert states(generation) == ["cancelled"]
    assert team.posts == 1
    assert not team.at_hub


def test_a_cancel_that_the_hub_refuses_is_sent_once(team, any_hub):
    team = team(any_hub)
    generation = team.asks()[0]
    team.tick()
    team.cancel(generation)
    team.tick_with("cancel", mis.status(409))
    team.tick(2)
    assert states(generation) == ["processing"]
    assert "The hub refused the cancel" in timeline(generation)
    assert len(any_hub.ledger.calls("cancel")) == 1
    assert team.refreshed().consecutive_failures == 0


def test_after_a_refused_cancel_the_user_can_cancel_again(team, any_hub):
    team = team(any_hub)
    generation = team.asks()[0]
    team.tick()
    team.cancel(generation)
    team.tick_with("cancel", mis.status(409))
    generation.refresh_from_db()
    assert (generation.is_cancelling, generation.cancel_answer) == (False, "refused")
    team.cancel(generation)
    team.tick(2)
    assert states(generation) == ["cancelled"]


def test_a_cancel_that_is_forbidden_does_not_stop_the_connection(team, current_hub):
    team = team(current_hub)
    generation = team.asks()[0]
    team.tick()
    team.cancel(generation)
    team.tick_with("cancel", mis.status(403))
    team.tick()
    assert team.refreshed().stop_reason == ""
    assert "The hub refused the cancel" in timeline(generation)
