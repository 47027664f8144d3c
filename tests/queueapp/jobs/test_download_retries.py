"""Retries of downloads: delays that grow, dead workers, the end of the retries, and a retry on request."""

from datetime import timedelta

import pytest
from django.utils import timezone

from queueapp.errors import NotFound
from queueapp.models import Download, Event, Generation, Lease, Result
from queueapp.poller import job_tasks
from queueapp.services import downloads, results
from tests import factories
from tests.hub import misbehaviour as mis
from tests.hub.server import Hub
from tests.queueapp.jobs.attempts import (
    acquire,
    attempt,
    expire_lease,
    let_worker_die,
    make_due,
    reserve_due,
    seconds_until_retry,
    stored_files,
)


def test_the_delays_grow_and_the_timeline_shows_one_error(ended, current_hub):
    delays = []
    for _ in range(4):
        make_due()
        current_hub.misbehave("result", mis.status(500))
        attempt(ended)
        delays.append(seconds_until_retry())
    assert delays == sorted(delays)
    assert Event.objects.filter(kind=Event.Kind.DOWNLOAD_FAILED).count() == 1


def test_the_delay_that_a_hub_asks_for_is_kept(ended, current_hub):
    current_hub.misbehave("result", mis.busy(429, "120"))
    attempt(ended)
    assert 110 < seconds_until_retry() <= 120


def test_retries_end_after_a_day_and_a_user_can_retry(ended, current_hub):
    Download.objects.update(created_at=timezone.now() - timedelta(hours=25))
    current_hub.misbehave("result", mis.status(500))
    attempt(ended)
    assert Download.objects.get().next_attempt_at is None
    assert reserve_due() == []
    downloads.retry_now(ended)
    attempt(ended)
    assert Result.objects.exists()
    with pytest.raises(NotFound):
        downloads.retry_now(ended)


def test_retries_of_a_permanent_error_end_sooner(ended, current_hub):
    for _ in range(downloads.MAX_PERMANENT_ERRORS):
        make_due()
        current_hub.misbehave("result", mis.html(200))
        attempt(ended)
    assert Download.objects.get().next_attempt_at is None


def test_an_outage_that_ends_with_an_error_page_does_not_end_the_retries(ended, current_hub):
    for plan in [mis.status(500)] * downloads.MAX_PERMANENT_ERRORS + [mis.html(200)]:
        make_due()
        current_hub.misbehave("result", plan)
        attempt(ended)
    assert seconds_until_retry() > 0


def test_retries_end_sooner_if_the_hub_replaces_no_expired_links(team, bridge_hub):
    team = team(bridge_hub)
    generation = team.asks()[0]
    team.tick()
    event = {"state": "succeeded", "url": f"{bridge_hub.url}/results/expired.png"}
    Generation.objects.filter(pk=generation.pk).update(completion_event=event)
    team.finish()
    team.tick(2)
    for _ in range(downloads.MAX_PERMANENT_ERRORS):
        make_due()
        attempt(generation)
    row = Download.objects.get()
    assert row.next_attempt_at is None
    assert "expired" in row.last_error


# Workers


def test_two_workers_never_download_the_same_result(ended):
    first = downloads.acquire(str(ended.pk), "first")
    assert downloads.acquire(str(ended.pk), "second") is None
    assert reserve_due() == []
    assert downloads.renew(first)


def test_another_worker_continues_for_a_dead_one_whose_late_result_is_not_stored(ended):
    dead = downloads.acquire(str(ended.pk), "dead")
    expire_lease()
    assert reserve_due() == []
    assert Download.objects.get().last_error == downloads.WORKER_DIED
    make_due()
    assert reserve_due() == [str(ended.pk)]
    alive = downloads.acquire(str(ended.pk), "alive")
    assert not downloads.renew(dead)
    assert downloads.finish(alive, results.save_files(ended, factories.image_file()))
    files = stored_files()
    assert not downloads.finish(dead, results.save_files(ended, factories.image_file()))
    assert stored_files() == files
    assert Result.objects.count() == 1


def test_a_slow_worker_that_renews_its_lease_late_is_not_taken_for_dead(ended):
    slow = acquire(ended)
    expire_lease()
    now = timezone.now()
    assert downloads.renew(slow)
    assert downloads.reserve_due_downloads(now, 8) == []
    assert not Download.objects.get().last_error
    assert downloads.renew(slow)


def test_a_result_that_kills_its_workers_is_retried_more_and_more_rarely_and_then_given_up(ended):
    delays = []
    for _ in range(downloads.MAX_PERMANENT_ERRORS - 1):
        let_worker_die(ended)
        delays.append(seconds_until_retry())
        make_due()
    assert delays == sorted(delays)
    let_worker_die(ended)
    assert Download.objects.get().next_attempt_at is None
    events = Event.objects.filter(kind__startswith="download")
    assert [event.text for event in events] == [downloads.WORKER_DIED] * 2


def test_a_retry_on_request_does_not_disturb_a_running_attempt(ended):
    running = acquire(ended)
    downloads.retry_now(ended)
    assert downloads.renew(running)
    assert reserve_due() == []


def test_a_retry_on_request_while_the_worker_is_dead_leads_to_an_attempt_within_seconds(ended):
    acquire(ended)
    downloads.retry_now(ended)
    expire_lease()
    assert reserve_due() == []
    assert seconds_until_retry() <= 5


# Tasks


def test_the_poller_enqueues_one_task_for_a_due_download(ended, monkeypatch):
    Download.objects.update(lease_expires_at=None)
    tasks = []
    monkeypatch.setattr(job_tasks, "async_task", lambda task, key, **_: tasks.append((task, key)))
    job_tasks.dispatch_downloads()
    job_tasks.dispatch_downloads()
    assert tasks == [("queueapp.tasks.download_result", str(ended.pk))]


def test_a_hub_whose_results_hang_leaves_workers_for_other_hubs_and_the_engine(
    team, current_hub, alice, django_capture_on_commit_callbacks
):
    team = team(current_hub)
    at_first_hub = team.asks(4)
    with Hub("current") as other:
        factories.hub_model(factories.hub_connection(other, "other"), "nano-banana")
        at_other_hub = factories.enqueue(alice, "nano-banana", count=4)
        team.tick()
        team.finish()
        for made in other.ledger.live:
            other.finish(made.id)
        team.tick()
    Download.objects.update(lease_expires_at=None)
    now = timezone.now()
    reserved = set(downloads.reserve_due_downloads(now, 8))
    assert len(reserved) == downloads.MAX_CONCURRENT
    assert len(reserved & {str(generation.pk) for generation in at_first_hub}) == downloads.MAX_PER_HUB
    assert len(reserved & {str(generation.pk) for generation in at_other_hub}) == 1
    finished = downloads.acquire(next(iter(reserved)), "a worker")
    wakeups = Lease.objects.get().wakeups
    with django_capture_on_commit_callbacks(execute=True):
        downloads.record_failure(finished, "The hub answered 500.")
    assert Lease.objects.get().wakeups > wakeups
    assert len(downloads.reserve_due_downloads(now, 8)) == 1
