"""What failures of a hub change for the people whose generations wait for it."""

from datetime import timedelta

import pytest
from django.utils import timezone

from queueapp.errors import InsufficientCredits
from queueapp.models import Connection, Generation
from queueapp.models.fields import Encrypted
from queueapp.services.hubs import health
from tests import factories


def test_after_a_failed_call_the_hub_is_left_alone_for_a_while(oxen):
    health.record_failure(oxen, "No answer.", retry_after=30)
    now = timezone.now()
    assert not health.accepts_calls(oxen, now)
    assert not health.accepts_work(oxen, now)
    later = now + timedelta(seconds=32)
    assert health.accepts_calls(oxen, later)
    assert health.accepts_work(oxen, later)


def test_after_a_failed_enqueue_generations_at_the_hub_are_still_polled(oxen):
    health.record_submit_failure(oxen, "Busy.", retry_after=30)
    assert health.accepts_calls(oxen, timezone.now())
    assert not health.accepts_work(oxen, timezone.now())


@pytest.mark.parametrize("record", [health.record_failure, health.record_submit_failure])
def test_pauses_grow_with_every_failure_up_to_a_minute(oxen, record, monkeypatch):
    monkeypatch.setattr("random.random", lambda: 1.0)
    pauses = []
    for _ in range(12):
        record(oxen, "No answer.")
        pauses.append(((oxen.retry_at or oxen.submit_after) - timezone.now()).total_seconds())
    assert pauses[0] < pauses[1] < pauses[2]
    assert max(pauses) <= health.MAX_DELAY


def test_a_success_ends_the_pause_and_clears_the_error(oxen):
    health.record_failure(oxen, "No answer.")
    health.record_success(oxen)
    oxen.refresh_from_db()
    assert (oxen.consecutive_failures, oxen.retry_at, oxen.last_error) == (0, None, "")
    health.record_submit_failure(oxen, "Busy.")
    health.record_submit_success(oxen)
    oxen.refresh_from_db()
    assert (oxen.submit_failures, oxen.submit_after, oxen.last_error) == (0, None, "")


def test_the_error_stays_visible_while_the_other_kind_of_call_still_fails(oxen):
    for _ in range(2):
        health.record_failure(oxen, "No answer.")
        health.record_submit_failure(oxen, "Busy.")
    health.record_success(oxen)
    assert (oxen.last_error, oxen.submit_failures) == ("Busy.", 2)
    health.record_failure(oxen, "No answer.")
    health.record_submit_success(oxen)
    assert (oxen.last_error, oxen.consecutive_failures) == ("No answer.", 1)


def test_a_rejection_of_an_old_key_does_not_stop_the_new_one(oxen):
    Connection.objects.filter(pk=oxen.pk).update(key=Encrypted.from_text("another-key-0123456789"))
    health.stop(oxen, Connection.StopReason.KEY, "unauthenticated")
    oxen.refresh_from_db()
    assert oxen.stop_reason == ""


def test_a_clock_offset_changes_only_by_more_than_noise(oxen):
    for measured, stored in ((5.0, 5.0), (5.9, 5.0), (None, 5.0), (6.5, 6.5)):
        health.record_clock_offset(oxen, measured)
        oxen.refresh_from_db()
        assert oxen.clock_offset == stored


# Submitting to a stopped connection


def test_an_account_without_credits_takes_nothing_new_until_it_is_resumed(oxen, alice):
    factories.hub_model(oxen, "flux")
    waiting = factories.enqueue(alice, "flux")[0]
    health.stop(oxen, Connection.StopReason.CREDITS, "Insufficient credits")
    with pytest.raises(InsufficientCredits):
        factories.enqueue(alice, "flux")
    assert list(Generation.objects.all()) == [waiting]
    assert factories.enqueue(alice, "sketch-image")
    health.resume(oxen)
    assert factories.enqueue(alice, "flux")


def test_people_can_still_submit_while_the_key_is_rejected(oxen, alice):
    factories.hub_model(oxen, "flux")
    health.stop(oxen, Connection.StopReason.KEY, "unauthenticated")
    assert factories.enqueue(alice, "flux")
