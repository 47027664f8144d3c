"""A poller dies or wakes up late at any step of a submit, and its successor neither loses nor repeats it."""

import pytest

from queueapp import backends
from queueapp.models import Event, Generation
from queueapp.poller import steps, submit
from queueapp.services import coordination
from queueapp.services.lifecycle import crash_recovery, submitting
from tests.queueapp.poller.conftest import reason, states, timeline
from tests.queueapp.poller.crashes import Killed, crash_at, run_before


def test_a_submission_whose_poller_died_before_posting_is_made_once(team, any_hub, monkeypatch):
    team = team(any_hub)
    generations = team.asks(2)
    revive = crash_at(monkeypatch, submitting, "mark_posting")
    with pytest.raises(Killed):
        team.tick()
    assert states(*generations) == ["submitting"] * 2
    revive()
    team.replace_poller()
    team.tick()
    assert states(*generations) == ["processing"] * 2
    assert len(team.at_hub) == 2


def test_a_submission_marked_as_posted_is_never_posted_by_a_successor(team, current_hub, monkeypatch):
    team = team(current_hub)
    generations = team.asks(2)
    revive = crash_at(monkeypatch, submitting, "mark_posting", after=True)
    with pytest.raises(Killed):
        team.tick()
    revive()
    team.replace_poller()
    team.tick(3)
    assert states(*generations) == ["uncertain"] * 2
    team.age_lost_posts(minutes=3)
    team.tick()
    assert states(*generations) == ["failed"] * 2
    assert team.posts == 0


def test_a_submission_whose_poller_died_after_posting_is_found_and_not_made_twice(team, any_hub, monkeypatch):
    team = team(any_hub)
    generations = team.asks(2)
    revive = crash_at(monkeypatch, submitting, "settle")
    with pytest.raises(Killed):
        team.tick()
    revive()
    team.replace_poller()
    team.tick(2)
    assert states(*generations) == ["processing"] * 2
    assert team.posts == 1
    assert len(team.at_hub) == 2


def test_a_poller_that_lost_its_lease_before_posting_does_not_post(team, current_hub, monkeypatch):
    team = team(current_hub)
    generations = team.asks()

    def lose_lease():
        coordination.release_lease(team.fence)
        coordination.acquire_lease("another")

    run_before(monkeypatch, submit.inputs, "resolve_references", lose_lease)
    team.tick()
    assert team.posts == 0
    assert states(*generations) == ["queued"]


def test_a_poller_that_was_suspended_before_posting_does_not_post(team, current_hub, monkeypatch):
    team = team(current_hub)
    generation = team.asks()[0]
    monkeypatch.setattr(submit, "MAX_POST_DELAY", -1.0)
    team.tick()
    assert team.posts == 0
    assert states(generation) == ["queued"]
    assert "It was not sent because the worker was suspended." in timeline(generation)


def tick_with_late_response(team, monkeypatch, successor_does) -> None:
    """Let a poller lose its lease between its POST and the record of the response."""

    def meanwhile():
        team.replace_poller()
        successor_does()

    run_before(monkeypatch, submitting, "settle", meanwhile)
    team.tick()


def test_a_late_response_settles_what_the_successor_marked_as_uncertain(team, current_hub, monkeypatch):
    team = team(current_hub)
    generations = team.asks(2)
    tick_with_late_response(
        team, monkeypatch, lambda: crash_recovery.take_over_submissions(team.connection, team.fence)
    )
    assert states(*generations) == ["processing"] * 2
    assert team.posts == 1
    assert team.known_ids == team.hub_ids


def test_a_late_response_agrees_with_the_rows_that_the_successor_found(team, current_hub, monkeypatch):
    team = team(current_hub)
    generations = team.asks(2)

    def visit_twice():
        steps.visit_hub(team.connection, team.fence)
        steps.visit_hub(team.connection, team.fence)

    tick_with_late_response(team, monkeypatch, visit_twice)
    assert states(*generations) == ["processing"] * 2
    assert team.known_ids == team.hub_ids
    assert not Event.objects.filter(kind=Event.Kind.EXTRA_GENERATIONS).exists()


def test_a_late_refusal_ends_the_generation_as_not_billed(team, current_hub, monkeypatch):
    team = team(current_hub)
    generations = team.asks()
    monkeypatch.setattr(backends.HubBackend, "submit", lambda *_: backends.TryLater("The hub is busy."))
    tick_with_late_response(
        team, monkeypatch, lambda: crash_recovery.take_over_submissions(team.connection, team.fence)
    )
    assert states(*generations) == ["failed"]
    assert reason(generations[0]).startswith("The hub is busy. Nothing was made")


def test_a_poller_that_lost_its_lease_leaves_its_successors_submissions_alone(team, current_hub):
    team = team(current_hub)
    generation = team.asks()[0]
    lost_fence = team.fence
    team.replace_poller()
    submitting.claim_submission(generation.submission_id, team.owner.pk, team.refreshed(), team.fence)
    crash_recovery.take_over_submissions(team.connection, lost_fence)
    assert states(generation) == ["submitting"]
    team.replace_poller()
    crash_recovery.take_over_submissions(team.connection, team.fence)
    assert states(generation) == ["queued"]
    assert Generation.objects.get().posted_at is None
