"""A cancel is passed on to the hub, which says which it was."""

import pytest

from queueapp.models import Event, Generation
from queueapp.services import generations
from queueapp.upstream.client import Client
from tests.hub import misbehaviour as mis
from tests.queueapp.hubs.conftest import states


def told(generation) -> str:
    return " ".join(Event.objects.filter(generation=generation).values_list("text", flat=True))


def cancel(team, generation) -> None:
    generations.cancel(Generation.objects.get(pk=generation.pk), team.owner)


def test_what_still_waits_here_never_reaches_the_hub(team, any_hub):
    team = team(any_hub)
    made = team.asks()[0]
    cancel(team, made)
    team.tick()
    assert states(made) == ["cancelled"]
    assert team.posts == 0
    assert "Before it started" in told(made)


def test_what_the_hub_has_is_stopped_there(team, any_hub):
    team = team(any_hub)
    first, second = team.asks(2)
    team.tick()
    cancel(team, first)
    team.tick(2)
    assert states(first, second) == ["cancelled", "processing"]
    assert sorted(made.state for made in any_hub.ledger.generations.values())[0] == "cancelled"
    assert Event.objects.filter(generation=first, state="cancelled").get().user == team.owner


@pytest.mark.parametrize(("started", "words"), [(False, "before it started"), (True, "while it was running")])
def test_a_current_hub_tells_whether_it_was_running(team, current_hub, started, words):
    team = team(current_hub)
    made = team.asks()[0]
    team.tick()
    if started:
        current_hub.start(Generation.objects.get(pk=made.pk).upstream_id)
    cancel(team, made)
    team.tick()
    assert states(made) == ["cancelled"]
    assert words in told(made)


def test_a_cancel_that_comes_too_late_says_so(team, any_hub):
    team = team(any_hub)
    made = team.asks()[0]
    team.tick()
    team.finish()
    cancel(team, made)
    team.tick(3)
    assert states(made) == ["succeeded" if any_hub.revision == "current" else "finished"]
    assert "too late" in told(made)


def test_a_cancel_whose_answer_was_lost_is_asked_again(team, current_hub):
    team = team(current_hub)
    made = team.asks()[0]
    team.tick()
    current_hub.misbehave("cancel", mis.reset_after())
    cancel(team, made)
    team.tick(3)
    assert states(made) == ["cancelled"]


def test_on_a_classic_hub_a_lost_answer_to_a_cancel_leaves_it_open(team, classic_hub):
    team = team(classic_hub)
    made = team.asks()[0]
    team.tick()
    classic_hub.misbehave("cancel", mis.reset_after())
    cancel(team, made)
    team.tick(3)
    assert states(made) == ["finished"]
    assert "answer to the cancel was lost" in Generation.objects.get(pk=made.pk).reason


class Killed(BaseException):
    """The process ended here."""


def test_a_cancel_over_which_the_pump_died_is_not_called_too_late(team, classic_hub, monkeypatch):
    team = team(classic_hub)
    made = team.asks()[0]
    team.tick()
    cancel(team, made)
    send = Client.cancel

    def dying(client, name):
        monkeypatch.setattr(Client, "cancel", send)
        send(client, name)
        raise Killed

    monkeypatch.setattr(Client, "cancel", dying)
    with pytest.raises(Killed):
        team.tick()
    team.successor()
    team.tick(3)
    assert states(made) == ["finished"]
    assert "answer to the cancel was lost" in Generation.objects.get(pk=made.pk).reason
    assert "too late" not in told(made)


def test_a_cancel_that_was_never_sent_can_still_be_too_late(team, classic_hub):
    team = team(classic_hub)
    made = team.asks()[0]
    team.tick()
    cancel(team, made)
    classic_hub.misbehave("cancel", mis.busy())
    team.tick()
    assert states(made) == ["processing"]
    team.finish()
    team.tick(3)
    assert states(made) == ["finished"]
    assert "too late" in Generation.objects.get(pk=made.pk).reason


def test_a_cancel_the_hub_never_answers_does_not_hold_up_the_others(team, current_hub):
    team = team(current_hub)
    first, second = team.asks(2)
    team.tick()
    cancel(team, first)
    cancel(team, second)
    current_hub.misbehave("cancel", mis.status(500))
    team.tick()
    assert states(first, second) == ["processing", "cancelled"]


def test_a_cancel_asked_for_while_it_was_sent_holds_when_the_hub_said_not_now(team, current_hub, monkeypatch):
    team = team(current_hub)
    made = team.asks()[0]
    current_hub.misbehave("enqueue", mis.busy())
    from queueapp.poller import release

    submit = release._settle

    def settle(connection, posted, answer):
        cancel(team, made)
        submit(connection, posted, answer)

    monkeypatch.setattr(release, "_settle", settle)
    team.tick(2)
    assert states(made) == ["cancelled"]
    assert not current_hub.ledger.generations


def test_a_cancel_that_the_hub_refuses_is_not_sent_over_and_over(team, any_hub):
    team = team(any_hub)
    made = team.asks()[0]
    team.tick()
    any_hub.misbehave("cancel", mis.status(409))
    cancel(team, made)
    team.tick(3)
    assert states(made) == ["processing"]
    assert "did not stop it" in told(made)
    assert len(any_hub.ledger.calls("cancel")) == 1
    assert team.refreshed().consecutive_failures == 0


def test_what_the_hub_refused_to_stop_goes_on_and_may_be_asked_to_stop_again(team, any_hub):
    team = team(any_hub)
    made = team.asks()[0]
    team.tick()
    any_hub.misbehave("cancel", mis.status(409))
    cancel(team, made)
    team.tick()
    made.refresh_from_db()
    assert (made.is_cancelling, made.cancel_answer) == (False, "refused")
    cancel(team, made)
    team.tick(2)
    assert states(made) == ["cancelled"]


def test_what_is_not_ours_to_cancel_stops_nothing_else(team, current_hub):
    team = team(current_hub)
    made = team.asks()[0]
    team.tick()
    current_hub.misbehave("cancel", mis.status(403))
    cancel(team, made)
    team.tick(2)
    assert team.refreshed().stop_reason == ""
    assert "did not stop it" in told(made)
