"""A pump that dies or wakes up late, at each step of handing a submission over."""

import pytest

from queueapp import backends
from queueapp.models import Event, Generation
from queueapp.poller import release, threads
from queueapp.services import coordination
from queueapp.services.lifecycle import submitting
from tests.queueapp.hubs.conftest import states


class Killed(BaseException):
    """The process ended here."""


def die_at(monkeypatch, owner, name, *, after=False):
    real = getattr(owner, name)

    def dying(*args, **kwargs):
        if after:
            real(*args, **kwargs)
        raise Killed

    monkeypatch.setattr(owner, name, dying)
    return lambda: monkeypatch.setattr(owner, name, real)


def test_what_was_claimed_and_not_posted_goes_back_and_is_made_once(team, any_hub, monkeypatch):
    team = team(any_hub)
    made = team.asks(2)
    alive = die_at(monkeypatch, submitting, "mark_posting")
    with pytest.raises(Killed):
        team.tick()
    assert states(*made) == ["submitting"] * 2
    alive()
    team.successor()
    team.tick()
    assert states(*made) == ["processing"] * 2
    assert len(any_hub.ledger.generations) == 2


def test_what_was_said_to_be_posted_and_was_not_is_never_posted_again_by_itself(
    team, current_hub, monkeypatch
):
    team = team(current_hub)
    made = team.asks(2)
    alive = die_at(monkeypatch, submitting, "mark_posting", after=True)
    with pytest.raises(Killed):
        team.tick()
    alive()
    team.successor()
    team.tick(3)
    assert states(*made) == ["uncertain"] * 2
    team.long_after(minutes=3)
    team.tick()
    assert states(*made) == ["failed"] * 2
    assert team.posts == 0


def test_what_was_posted_and_not_written_down_is_found_and_not_made_twice(team, any_hub, monkeypatch):
    team = team(any_hub)
    made = team.asks(2)
    alive = die_at(monkeypatch, release, "_settle")
    with pytest.raises(Killed):
        team.tick()
    alive()
    team.successor()
    team.tick(2)
    assert states(*made) == ["processing"] * 2
    assert team.posts == 1
    assert len(any_hub.ledger.generations) == 2


def test_a_pump_that_lost_its_lease_before_posting_does_not_post(team, current_hub, monkeypatch):
    team = team(current_hub)
    made = team.asks()
    restore = release.inputs.resolve_references

    def slow(params, connection, **more):
        coordination.release_lease(team.fence)
        coordination.acquire_lease("another")
        return restore(params, connection, **more)

    monkeypatch.setattr(release.inputs, "resolve_references", slow)
    team.tick()
    assert team.posts == 0
    assert states(*made) == ["queued"]


def test_a_pump_that_slept_before_posting_does_not_post(team, current_hub, monkeypatch):
    team = team(current_hub)
    made = team.asks()
    monkeypatch.setattr(release, "MAX_POST_DELAY", -1.0)
    team.tick()
    assert team.posts == 0
    assert states(*made) == ["queued"]


def late(team, monkeypatch, meanwhile):
    """One pump posts; `meanwhile` happens before it writes the answer down."""
    settle = release._settle

    def later(connection, posted, answer):
        monkeypatch.setattr(release, "_settle", settle)
        team.successor()
        meanwhile()
        settle(connection, posted, answer)

    monkeypatch.setattr(release, "_settle", later)
    team.tick()


def test_an_answer_that_comes_late_settles_what_a_successor_called_uncertain(team, current_hub, monkeypatch):
    team = team(current_hub)
    made = team.asks(2)
    late(team, monkeypatch, lambda: submitting.take_over_submissions(team.connection, team.fence))
    assert states(*made) == ["processing"] * 2
    assert team.posts == 1


def test_an_answer_that_comes_late_agrees_with_what_a_successor_adopted(team, current_hub, monkeypatch):
    team = team(current_hub)
    made = team.asks(2)

    def adopted():
        threads.visit_hub(team.connection, team.fence)
        threads.visit_hub(team.connection, team.fence)

    late(team, monkeypatch, adopted)
    assert states(*made) == ["processing"] * 2
    assert {one.upstream_id for one in Generation.objects.all()} == set(current_hub.ledger.generations)
    assert not Event.objects.filter(kind=Event.Kind.EXTRA_GENERATIONS).exists()


def test_a_refusal_that_comes_late_ends_it_with_the_truth(team, current_hub, monkeypatch):
    team = team(current_hub)
    made = team.asks()
    monkeypatch.setattr(backends.HubBackend, "submit", lambda *_: backends.TryLater("The hub says not now."))
    late(team, monkeypatch, lambda: submitting.take_over_submissions(team.connection, team.fence))
    assert states(*made) == ["failed"]
    assert "Nothing was made" in Generation.objects.get().reason


def test_a_pump_that_has_lost_its_lease_does_not_call_its_successors_posts_lost(team, current_hub):
    team = team(current_hub)
    made = team.asks()[0]
    lost = team.fence
    team.successor()
    submitting.claim_submission(made.submission_id, team.owner.pk, team.refreshed(), team.fence)
    submitting.take_over_submissions(team.connection, lost)
    assert states(made) == ["submitting"]
    team.successor()
    submitting.take_over_submissions(team.connection, team.fence)
    assert states(made) == ["queued"]


def test_a_pump_beyond_its_turn_looks_and_sends_nothing_new(team, current_hub):
    team = team(current_hub)
    first = team.asks()
    team.tick()
    team.finish()
    second = team.asks()
    team.nothing_rests()
    threads.visit_hub(team.refreshed(), team.fence, sends=False)
    assert states(*first, *second) == ["succeeded", "queued"]
