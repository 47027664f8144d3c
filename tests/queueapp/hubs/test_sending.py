"""What an enqueue at a hub meets, and what becomes of the generations."""

import json
from datetime import timedelta

import pytest
from django.db import OperationalError
from django.utils import timezone

from queueapp.models import Connection, Event, Generation
from queueapp.models.fields import Encrypted
from queueapp.poller import loop, reconcile, release
from queueapp.services import generations
from queueapp.services.hubs import health
from queueapp.services.lifecycle import submitting
from queueapp.states import State
from queueapp.upstream.errors import AmbiguousResponse
from tests import factories
from tests.hub import misbehaviour as mis
from tests.queueapp.hubs.conftest import states


def of_posts(hub) -> list[dict]:
    return [made.params for made in hub.ledger.generations.values()]


def test_a_submission_goes_out_as_one_post_with_its_parameters_untouched(team, any_hub):
    team = team(any_hub)
    made = team.asks(3, seed=7, weird={"deep": [1, 2.5, None]})
    team.tick()
    assert states(*made) == ["processing"] * 3
    assert team.posts == 1
    assert (
        of_posts(any_hub)
        == [{"prompt": "a lighthouse at dawn", "seed": 7, "weird": {"deep": [1, 2.5, None]}}] * 3
    )
    assert {one.upstream_id for one in Generation.objects.all()} == set(any_hub.ledger.generations)


def test_the_hub_is_told_the_connections_namespace_and_never_drovers(team, current_hub):
    team = team(current_hub)
    current_hub.namespaces.add("studio")
    team.connection.namespace = "studio"
    team.connection.save()
    team.asks()
    team.tick()
    assert [made.namespace for made in current_hub.ledger.generations.values()] == ["studio"]


@pytest.mark.parametrize("plan", [mis.busy(429), mis.busy(503)], ids=["429", "503"])
def test_what_is_refused_for_now_goes_again_after_the_wait_the_hub_asked_for(team, current_hub, plan):
    team = team(current_hub)
    made = team.asks(2)
    current_hub.misbehave("enqueue", plan)
    team.tick()
    assert states(*made) == ["queued", "queued"]
    connection = team.refreshed()
    assert connection.submit_after
    assert connection.last_error
    team.tick()
    assert states(*made) == ["processing"] * 2
    assert len(current_hub.ledger.generations) == 2
    assert team.refreshed().submit_after is None


def test_a_hub_that_cannot_be_reached_leaves_the_line_as_it_is(team, current_hub):
    team = team(current_hub)
    Connection.objects.update(base_url="http://127.0.0.1:9")
    made = team.asks()
    team.tick()
    assert states(*made) == ["queued"]
    Connection.objects.update(base_url=current_hub.url)
    team.tick()
    assert states(*made) == ["processing"]


@pytest.mark.parametrize(
    "plan",
    [mis.status(400), mis.status(404), mis.status(415), mis.status(422), mis.empty_with_error("Too small")],
    ids=lambda plan: plan.name,
)
def test_what_is_refused_for_good_fails_with_the_hubs_words(team, current_hub, plan):
    team = team(current_hub)
    made = team.asks(2)
    current_hub.misbehave("enqueue", plan)
    team.tick()
    assert states(*made) == ["failed", "failed"]
    reason = Generation.objects.first().reason
    assert reason in ("Too small", f"made-up {plan.name.removeprefix('status ')}")
    assert team.refreshed().submit_after is None


@pytest.mark.parametrize("plan", [mis.bad_key(), mis.status(403)], ids=["401", "403"])
def test_a_bad_key_stops_the_connection_and_the_line_stays(team, current_hub, plan):
    team = team(current_hub)
    first, second = team.asks()[0], team.asks()[0]
    current_hub.misbehave("enqueue", plan)
    team.tick(3)
    assert states(first, second) == ["queued", "queued"]
    assert team.refreshed().stop_reason == Connection.StopReason.KEY
    assert team.posts == 1


def test_an_empty_account_fails_the_one_and_keeps_the_rest(team, current_hub):
    team = team(current_hub)
    first, second = team.asks()[0], team.asks()[0]
    current_hub.misbehave("enqueue", mis.no_credits())
    team.tick(3)
    assert states(first, second) == ["failed", "queued"]
    assert team.refreshed().stop_reason == Connection.StopReason.CREDITS
    assert Generation.objects.get(pk=first.pk).category == "credits"
    assert team.posts == 1


LOST = [
    mis.status(500, worked=True),
    mis.html(502, worked=True),
    mis.half_json(),
    mis.status_error(worked=True),
    mis.empty_list(worked=True),
    mis.reset_after(),
    mis.hang(worked=True),
]


@pytest.mark.parametrize("plan", LOST, ids=lambda plan: plan.name)
def test_a_lost_answer_to_work_that_was_taken_is_found_in_the_list_and_adopted(team, any_hub, plan):
    team = team(any_hub)
    made = team.asks(2)
    any_hub.misbehave("enqueue", plan)
    team.tick()
    team.tick()
    assert states(*made) == ["processing"] * 2
    assert team.posts == 1
    assert {one.upstream_id for one in Generation.objects.all()} == set(any_hub.ledger.generations)


def test_what_was_never_made_is_said_to_be_safe_to_run_again_where_rows_persist(team, current_hub):
    team = team(current_hub)
    made = team.asks()
    current_hub.misbehave("enqueue", mis.status(500))
    team.tick(8)
    assert states(*made) == ["uncertain"]  # not before the POST can no longer be on its way
    team.long_after(minutes=3)
    team.tick()
    assert states(*made) == ["failed"]
    assert "safe to run it again" in Generation.objects.get().reason
    assert team.posts == 1


@pytest.mark.parametrize("revision", ["classic", "bridge"])
def test_elsewhere_it_is_lost_and_nobody_is_invited_to_pay_twice(team, revision, request):
    team = team(request.getfixturevalue(f"{revision}_hub"))
    made = team.asks()
    team.hub.misbehave("enqueue", mis.lost_unseen())
    team.tick(8)
    team.long_after(minutes=3)
    team.tick()
    assert states(*made) == ["lost"]
    assert "may have made and billed it" in Generation.objects.get().reason
    assert team.posts == 1


def test_work_that_was_done_before_anyone_could_look_is_found_where_rows_persist(team, current_hub):
    team = team(current_hub)
    made = team.asks(2)
    current_hub.misbehave("enqueue", mis.lost_unseen())
    team.tick(2)
    assert states(*made) == ["succeeded"] * 2
    assert Generation.objects.filter(download__isnull=False).count() == 2


def test_a_row_that_was_there_before_is_not_adopted(team, current_hub):
    team = team(current_hub)
    team.asks(model=team.video)
    team.tick()
    stranger = current_hub.make(team.image, {"prompt": "a lighthouse at dawn"})
    team.tick()  # seen, before ours is posted
    made = team.asks()
    current_hub.misbehave("enqueue", mis.status(500))
    team.tick(3)
    assert states(*made) == ["uncertain"]
    assert not Generation.objects.filter(upstream_id=stranger.id).exists()


def test_no_row_is_adopted_twice(team, current_hub):
    team = team(current_hub)
    first, second = team.asks()[0], team.asks()[0]
    current_hub.misbehave("enqueue", mis.reset_after(), mis.status(500))
    team.tick(3)
    assert sorted(states(first, second)) == ["processing", "uncertain"]
    assert len(current_hub.ledger.generations) == 1


def test_no_row_is_adopted_twice_by_two_connections_to_one_namespace(team, current_hub):
    team = team(current_hub)
    second = factories.hub_connection(current_hub, "second", priority=-1)
    factories.hub_model(second, team.image)
    current_hub.misbehave("enqueue", mis.reset_after(), mis.status(500))
    made = [team.asks()[0], team.asks(model=f"second/{team.image}")[0]]
    team.tick(3)
    assert states(*made) == ["processing", "uncertain"]
    assert len(current_hub.ledger.generations) == 1


def test_with_fewer_names_than_generations_the_rest_are_looked_for(team, current_hub):
    team = team(current_hub)
    made = team.asks(3)
    current_hub.misbehave("enqueue", mis.fewer(2))
    team.tick()
    team.tick()
    assert states(*made) == ["processing"] * 3
    assert len({one.upstream_id for one in Generation.objects.all()}) == 3


def test_with_more_names_the_surplus_counts_as_made_elsewhere(team, current_hub):
    team = team(current_hub)
    team.asks(2)
    current_hub.misbehave("enqueue", mis.more(1))
    team.tick()
    assert team.connection.foreign_generations.count() == 1
    assert Event.objects.filter(kind=Event.Kind.EXTRA_GENERATIONS).count() == 1


def test_inputs_are_sent_whole(team, current_hub):
    team = team(current_hub)
    picture = "data:image/png;base64,iVBORw0KGgo="
    made = team.asks(input_image=picture)[0]
    assert "drover-input:" in json.dumps(made.submission.params)
    team.tick()
    assert of_posts(current_hub)[0]["input_image"] == picture


def test_a_lost_answer_to_a_post_with_an_input_is_found_too(team, current_hub):
    team = team(current_hub)
    made = team.asks(input_image="data:image/png;base64,iVBORw0KGgo=")
    current_hub.misbehave("enqueue", mis.reset_after())
    team.tick(2)
    assert states(*made) == ["processing"]


def test_a_stopped_connection_is_still_looked_after(team, current_hub):
    team = team(current_hub)
    made = team.asks()
    team.tick()
    Connection.objects.update(stop_reason=Connection.StopReason.CREDITS)
    team.finish()
    team.tick()
    assert states(*made) == ["succeeded"]


def test_a_key_that_cannot_be_read_stops_the_connection_and_is_kept(team, current_hub, settings):
    team = team(current_hub)
    made = team.asks()
    before = Connection.objects.values_list("key", flat=True).get(pk=team.connection.pk)
    settings.DROVER_ENCRYPTION_KEYS = ["A" * 43 + "="]
    team.tick()
    assert states(*made) == ["queued"]
    assert "cannot be decrypted" in team.refreshed().stop_message
    assert Connection.objects.values_list("key", flat=True).get(pk=team.connection.pk) == before


def test_capacity_holds_the_rest_at_home_round_robin(team, current_hub, bob):
    from tests import factories

    team = team(current_hub)
    Connection.objects.filter(pk=team.connection.pk).update(capacity=3)
    alices = [team.asks()[0] for _ in range(4)]
    bobs = factories.enqueue(bob, team.image)
    team.tick()
    assert states(*bobs) == ["processing"]
    assert states(*alices).count("processing") == 2
    assert State.QUEUED in states(*alices)


def test_an_input_that_cannot_be_read_just_now_keeps_it_waiting(team, current_hub, monkeypatch):
    team = team(current_hub)
    made = team.asks(input_image="data:image/png;base64,iVBORw0KGgo=")

    def denied(_):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("queueapp.files.storage.open_file", denied)
    team.tick()
    assert states(*made) == ["queued"]
    assert "Permission denied" in team.refreshed().last_error
    assert team.posts == 0
    monkeypatch.undo()
    team.tick()
    assert states(*made) == ["processing"]


def test_the_search_waits_for_a_slow_upload_whose_sender_is_gone(team, current_hub):
    team = team(current_hub)
    made = team.asks(input_image=f"data:image/png;base64,{'AAAA' * 500_000}")[0]
    claimed = submitting.claim_submission(made.submission_id, team.owner.pk, team.connection, team.fence)
    assert submitting.mark_posting(claimed, team.fence)
    team.successor()
    team.tick()
    made.refresh_from_db()
    assert made.state == State.UNCERTAIN
    assert (made.answered_at - made.posted_at).total_seconds() >= 25 + 16


def test_nothing_is_denied_while_the_hub_has_something_of_that_time_that_is_nobodys(team, current_hub):
    team = team(current_hub)
    made = team.asks(input_image="https://files.example/mine.png")
    current_hub.misbehave("enqueue", mis.reset_after())
    team.tick()
    there = next(iter(current_hub.ledger.generations.values()))
    there.params["input_image"] = "https://hub.example/kept/1.png"  # echoed in the hub's own words
    team.tick(2)
    assert states(*made) == ["uncertain"]
    team.long_after(minutes=3)
    there.enqueued_at -= 180
    team.tick()
    assert states(*made) == ["lost"]
    assert "may have made and billed it" in Generation.objects.get().reason


def test_what_is_at_work_is_looked_at_although_the_hub_takes_nothing_new(team, current_hub):
    team = team(current_hub)
    first = team.asks()
    team.tick()
    second = team.asks()
    current_hub.misbehave("enqueue", mis.busy(429, "3600"))
    team.tick()
    team.finish()
    Generation.objects.live().update(next_poll_at=None)
    loop.tick(team.fence)
    assert states(*first, *second) == ["succeeded", "queued"]
    assert team.refreshed().submit_after > timezone.now() + timedelta(minutes=50)


def test_a_cancel_between_claim_and_post_keeps_it_from_being_posted(team, current_hub, monkeypatch):
    team = team(current_hub)
    first, second = team.asks(2)
    restore = release.inputs.resolve_references

    def slow(params, connection, **more):
        generations.cancel(Generation.objects.get(pk=first.pk), team.owner)
        return restore(params, connection, **more)

    monkeypatch.setattr(release.inputs, "resolve_references", slow)
    team.tick()
    assert states(first, second) == ["cancelled", "processing"]
    assert len(current_hub.ledger.generations) == 1


def test_an_answer_about_an_old_key_does_not_stop_the_new_one(team, current_hub):
    team = team(current_hub)
    old = team.refreshed()
    Connection.objects.update(key=Encrypted.from_text("another-key-0123"))
    health.stop(old, Connection.StopReason.KEY, "unauthenticated")
    assert team.refreshed().stop_reason == ""


def test_lists_that_can_never_be_had_end_the_search_with_the_truth(team, current_hub, monkeypatch):
    team = team(current_hub)
    made = team.asks()
    current_hub.misbehave("enqueue", mis.reset_after())
    team.tick()
    monkeypatch.setattr(
        reconcile, "_list_generations", lambda *_: (_ for _ in ()).throw(AmbiguousResponse("Too large."))
    )
    team.long_after(minutes=20)
    team.tick()
    assert states(*made) == ["uncertain"]
    team.long_after(minutes=31)
    team.tick()
    assert states(*made) == ["lost"]


def test_a_search_that_the_hub_refuses_ends_with_the_truth(team, current_hub):
    team = team(current_hub)
    made = team.asks()
    current_hub.misbehave("enqueue", mis.reset_after())
    team.tick()
    current_hub.misbehave("list", *[mis.status(422)] * 9)
    team.long_after(minutes=31)
    team.tick()
    assert states(*made) == ["lost"]


@pytest.mark.parametrize(
    "change",
    [{"base_url": "http://127.0.0.1:9"}, {"namespace": "team"}, {"enabled": False}, {"stop_reason": "key"}],
    ids=["address", "namespace", "off", "stop_reason"],
)
def test_nothing_is_claimed_for_a_connection_that_was_changed_meanwhile(team, current_hub, change):
    team = team(current_hub)
    made = team.asks()[0]
    old = team.refreshed()
    Connection.objects.filter(pk=old.pk).update(**change)
    assert submitting.claim_submission(made.submission_id, team.owner.pk, old, team.fence) == []
    assert states(made) == ["queued"]


def test_the_names_of_what_was_made_outlive_a_database_that_is_away_for_a_moment(
    team, current_hub, monkeypatch
):
    team = team(current_hub)
    made = team.asks(2)
    accepted, away = (
        submitting.record_accepted,
        iter([OperationalError("away"), OperationalError("still away")]),
    )

    def flaky(posted, ids):
        accepted(posted[:1], ids[:1])
        if trouble := next(away, None):
            raise trouble
        accepted(posted, ids)

    monkeypatch.setattr(release, "RECORD_RETRY_DELAYS", (0.0, 0.0, 0.0))
    monkeypatch.setattr(release.database, "close", lambda: None)
    monkeypatch.setattr(submitting, "record_accepted", flaky)
    team.tick()
    assert states(*made) == ["processing"] * 2
    assert {one.upstream_id for one in Generation.objects.all()} == set(current_hub.ledger.generations)
    assert team.posts == 1
