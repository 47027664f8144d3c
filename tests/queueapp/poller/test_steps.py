"""The steps of a visit to a hub, and which of them run when one fails."""

from queueapp.models import Connection
from queueapp.poller import poll, steps
from tests.queueapp.poller.conftest import states


def test_an_error_in_one_step_stops_neither_the_others_nor_the_release(
    team, current_hub, monkeypatch, caplog
):
    team = team(current_hub)
    generations = team.asks()

    def poll_and_fail(_):
        raise ZeroDivisionError

    monkeypatch.setattr(poll, "poll", poll_and_fail)
    team.tick()
    assert states(*generations) == ["processing"]
    assert "Hub oxen: poll_and_fail failed" in caplog.text


def test_a_poller_whose_time_is_up_polls_and_releases_nothing_new(team, current_hub):
    team = team(current_hub)
    first = team.asks()
    team.tick()
    team.finish()
    second = team.asks()
    team.make_all_due()
    steps.visit_hub(team.refreshed(), team.fence, may_release=False)
    assert states(*first, *second) == ["succeeded", "queued"]


def test_running_generations_of_a_stopped_connection_are_still_polled(team, current_hub):
    team = team(current_hub)
    generations = team.asks()
    team.tick()
    Connection.objects.update(stop_reason=Connection.StopReason.CREDITS)
    team.finish()
    team.tick()
    assert states(*generations) == ["succeeded"]


def test_a_stored_key_that_cannot_be_decrypted_stops_the_connection_and_is_not_deleted(
    team, current_hub, settings
):
    team = team(current_hub)
    generations = team.asks()
    before = Connection.objects.values_list("key", flat=True).get(pk=team.connection.pk)
    settings.DROVER_ENCRYPTION_KEYS = ["A" * 43 + "="]
    team.tick()
    assert states(*generations) == ["queued"]
    assert team.refreshed().stop_reason == Connection.StopReason.KEY
    assert "cannot be decrypted" in team.refreshed().stop_message
    assert Connection.objects.values_list("key", flat=True).get(pk=team.connection.pk) == before
