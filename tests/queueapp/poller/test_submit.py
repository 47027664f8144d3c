"""Submit to a hub: each kind of response, and what users see of it."""

import json
from datetime import timedelta

import pytest
from django.db import OperationalError
from django.utils import timezone

from queueapp.models import Connection, Event, Generation
from queueapp.models.fields import Encrypted
from queueapp.poller import loop, submit
from queueapp.services.hubs import health
from queueapp.services.lifecycle import submitting
from queueapp.states import State
from tests import factories
from tests.hub import misbehaviour as mis
from tests.queueapp.poller.conftest import reason, states
from tests.queueapp.poller.crashes import run_before

IMAGE_INPUT = "data:image/png;base64,iVBORw0KGgo="


def test_a_submission_is_one_post_with_its_parameters_unchanged(team, any_hub):
    team = team(any_hub)
    generations = team.asks(3, seed=7, weird={"deep": [1, 2.5, None]})
    team.tick()
    assert states(*generations) == ["processing"] * 3
    assert team.posts == 1
    params = {"prompt": "a lighthouse at dawn", "seed": 7, "weird": {"deep": [1, 2.5, None]}}
    assert [made.params for made in team.at_hub] == [params] * 3
    assert team.known_ids == team.hub_ids


def test_generations_are_made_in_the_connections_namespace(team, current_hub):
    team = team(current_hub)
    current_hub.namespaces.add("studio")
    team.connection.namespace = "studio"
    team.connection.save()
    team.asks()
    team.tick()
    assert [made.namespace for made in team.at_hub] == ["studio"]


def test_inputs_are_sent_in_full(team, current_hub):
    team = team(current_hub)
    generation = team.asks(input_image=IMAGE_INPUT)[0]
    assert "drover-input:" in json.dumps(generation.submission.params)
    team.tick()
    assert team.at_hub[0].params["input_image"] == IMAGE_INPUT


def test_capacity_is_shared_round_robin_and_the_rest_waits_here(team, current_hub, bob):
    team = team(current_hub)
    Connection.objects.filter(pk=team.connection.pk).update(capacity=3)
    alices = [team.asks()[0] for _ in range(4)]
    bobs = factories.enqueue(bob, team.image)
    team.tick()
    assert states(*bobs) == ["processing"]
    assert states(*alices).count("processing") == 2
    assert State.QUEUED in states(*alices)


# Responses of the hub


@pytest.mark.parametrize("plan", [mis.busy(429), mis.busy(503)], ids=["429", "503"])
def test_a_busy_hub_gets_the_submission_again_after_the_time_it_asked_for(team, current_hub, plan):
    team = team(current_hub)
    generations = team.asks(2)
    team.tick_with("enqueue", plan)
    assert states(*generations) == ["queued", "queued"]
    connection = team.refreshed()
    assert connection.submit_after
    assert connection.last_error
    team.tick()
    assert states(*generations) == ["processing"] * 2
    assert len(team.at_hub) == 2
    assert team.refreshed().submit_after is None


def test_generations_wait_for_a_hub_that_cannot_be_reached(team, current_hub):
    team = team(current_hub)
    Connection.objects.update(base_url="http://127.0.0.1:9")
    generations = team.asks()
    team.tick()
    assert states(*generations) == ["queued"]
    Connection.objects.update(base_url=current_hub.url)
    team.tick()
    assert states(*generations) == ["processing"]


@pytest.mark.parametrize(
    "plan",
    [mis.status(400), mis.status(404), mis.status(415), mis.status(422), mis.empty_with_error("Too small")],
    ids=lambda plan: plan.name,
)
def test_rejected_generations_fail_with_the_hubs_reason(team, current_hub, plan):
    team = team(current_hub)
    generations = team.asks(2)
    team.tick_with("enqueue", plan)
    assert states(*generations) == ["failed", "failed"]
    hubs_reason = "Too small" if plan.name == "empty with error" else f"made-up {plan.name.split()[-1]}"
    assert [reason(generation) for generation in generations] == [hubs_reason] * 2
    assert team.refreshed().submit_after is None


@pytest.mark.parametrize("plan", [mis.bad_key(), mis.status(403)], ids=["401", "403"])
def test_a_rejected_key_stops_the_connection_and_the_queue_stays(team, current_hub, plan):
    team = team(current_hub)
    first, second = team.asks()[0], team.asks()[0]
    team.tick_with("enqueue", plan)
    team.tick(2)
    assert states(first, second) == ["queued", "queued"]
    assert team.refreshed().stop_reason == Connection.StopReason.KEY
    assert team.posts == 1


def test_without_credits_one_submission_fails_and_the_others_wait(team, current_hub):
    team = team(current_hub)
    first, second = team.asks()[0], team.asks()[0]
    team.tick_with("enqueue", mis.no_credits())
    team.tick(2)
    assert states(first, second) == ["failed", "queued"]
    assert team.refreshed().stop_reason == Connection.StopReason.CREDITS
    assert Generation.objects.get(pk=first.pk).category == "credits"
    assert team.posts == 1


def test_a_hub_that_returns_more_generations_than_requested_is_noted(team, current_hub):
    team = team(current_hub)
    team.asks(2)
    team.tick_with("enqueue", mis.more(1))
    assert team.connection.foreign_generations.count() == 1
    assert Event.objects.filter(kind=Event.Kind.EXTRA_GENERATIONS).count() == 1


def test_running_generations_are_polled_while_the_hub_accepts_nothing_new(team, current_hub):
    team = team(current_hub)
    first = team.asks()
    team.tick()
    second = team.asks()
    team.tick_with("enqueue", mis.busy(429, "3600"))
    team.finish()
    Generation.objects.live().update(next_poll_at=None)
    loop.tick(team.fence)
    assert states(*first, *second) == ["succeeded", "queued"]
    assert team.refreshed().submit_after > timezone.now() + timedelta(minutes=50)


# Changes while a submission is on its way


def test_an_input_that_cannot_be_read_now_is_tried_again(team, current_hub, monkeypatch):
    team = team(current_hub)
    generations = team.asks(input_image=IMAGE_INPUT)

    def deny(_):
        raise PermissionError(13, "Permission denied")

    with monkeypatch.context() as patched:
        patched.setattr("queueapp.files.storage.open_file", deny)
        team.tick()
    assert states(*generations) == ["queued"]
    assert "Permission denied" in team.refreshed().last_error
    assert team.posts == 0
    team.tick()
    assert states(*generations) == ["processing"]


def test_a_generation_cancelled_just_before_the_post_is_not_posted(team, current_hub, monkeypatch):
    team = team(current_hub)
    first, second = team.asks(2)
    run_before(monkeypatch, submit.inputs, "resolve_references", lambda: team.cancel(first))
    team.tick()
    assert states(first, second) == ["cancelled", "processing"]
    assert len(team.at_hub) == 1


def test_a_response_about_an_old_key_does_not_stop_the_connection(team, current_hub):
    team = team(current_hub)
    old = team.refreshed()
    Connection.objects.update(key=Encrypted.from_text("another-key-0123"))
    health.stop(old, Connection.StopReason.KEY, "unauthenticated")
    assert team.refreshed().stop_reason == ""


@pytest.mark.parametrize(
    "change",
    [{"base_url": "http://127.0.0.1:9"}, {"namespace": "team"}, {"enabled": False}, {"stop_reason": "key"}],
    ids=["address", "namespace", "off", "stop_reason"],
)
def test_nothing_is_submitted_to_a_connection_that_changed_meanwhile(team, current_hub, change):
    team = team(current_hub)
    generation = team.asks()[0]
    old = team.refreshed()
    Connection.objects.filter(pk=old.pk).update(**change)
    assert submitting.claim_submission(generation.submission_id, team.owner.pk, old, team.fence) == []
    assert states(generation) == ["queued"]


def test_accepted_generations_survive_a_database_that_is_unavailable_for_a_moment(
    team, current_hub, monkeypatch
):
    team = team(current_hub)
    generations = team.asks(2)
    record_accepted = submitting.record_accepted
    errors = iter([OperationalError("unavailable"), OperationalError("still unavailable")])

    def flaky(posted, ids):
        record_accepted(posted[:1], ids[:1])
        if error := next(errors, None):
            raise error
        record_accepted(posted, ids)

    monkeypatch.setattr(submit, "RECORD_RETRY_DELAYS", (0.0, 0.0, 0.0))
    monkeypatch.setattr(submit.database, "close", lambda: None)
    monkeypatch.setattr(submitting, "record_accepted", flaky)
    team.tick()
    assert states(*generations) == ["processing"] * 2
    assert team.known_ids == team.hub_ids
    assert team.posts == 1
