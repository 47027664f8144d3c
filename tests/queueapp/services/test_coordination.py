"""The poller lease belongs to one holder at a time, and heartbeats show which parts are alive."""

from datetime import timedelta

from django.utils import timezone

from queueapp.models import Lease
from queueapp.services import coordination


def test_one_poller_holds_the_lease_and_the_others_do_not(db):
    assert coordination.acquire_lease("one")
    assert coordination.acquire_lease("two") is None


def test_an_expired_lease_goes_to_the_next_holder_with_a_higher_fence(db):
    first = coordination.acquire_lease("one")
    Lease.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    second = coordination.acquire_lease("two")
    assert second > first
    assert not coordination.renew_lease(first)
    assert not coordination.confirm_lease(first)
    assert not coordination.release_lease(first)
    assert coordination.renew_lease(second)


def test_a_released_lease_is_free_at_once(db):
    coordination.release_lease(coordination.acquire_lease("one"))
    assert coordination.acquire_lease("two")


def test_the_age_of_a_heartbeat_is_known_in_seconds(db):
    assert coordination.seconds_since_heartbeat("poller") is None
    assert coordination.seconds_since_heartbeat("jobs") is None
    coordination.acquire_lease("one")
    coordination.record_heartbeat("jobs")
    assert coordination.seconds_since_heartbeat("poller") < 1
    assert coordination.seconds_since_heartbeat("jobs") < 1


def test_a_released_lease_does_not_look_like_a_dead_poller(db):
    coordination.release_lease(coordination.acquire_lease("one"))
    assert coordination.seconds_since_heartbeat("poller") < 1
