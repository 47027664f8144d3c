"""From what a hub made to the stored, checked file."""

from datetime import timedelta

import pytest
from django.core.files.storage import default_storage
from django.utils import timezone

from queueapp import backends
from queueapp.errors import NotFound
from queueapp.files import storage
from queueapp.jobs import download, heartbeat
from queueapp.models import Download, Event, Generation, Lease, Result
from queueapp.poller import dispatch
from queueapp.services import coordination, downloads, results
from queueapp.services.lifecycle import render_leases
from tests import factories
from tests.hub import misbehaviour as mis
from tests.hub.misbehaviour import Reply
from tests.hub.server import Hub, until
from tests.queueapp.hubs.conftest import states


def files() -> list[str]:
    found: list[str] = []
    for folder in ("results", "thumbnails"):
        if default_storage.exists(folder):
            for month in default_storage.listdir(folder)[0]:
                found += default_storage.listdir(f"{folder}/{month}")[1]
    return found


def tries_now() -> None:
    Download.objects.update(next_attempt_at=timezone.now())


def test_a_result_is_fetched_once_and_stored_with_a_thumbnail_and_its_size(ended, current_hub):
    version = ended.version
    download.download_result(str(ended.pk))
    result = Result.objects.get()
    assert (result.content_type, result.width > 0, bool(result.thumbnail)) == ("image/png", True, True)
    with storage.open_file(result.file) as file:
        assert file.read(4) == b"\x89PNG"
    assert not Download.objects.exists()
    ended.refresh_from_db()
    assert ended.version > version
    download.download_result(str(ended.pk))
    assert len(current_hub.ledger.calls("result")) == 1


def test_a_video_has_its_first_picture_as_a_thumbnail(team, current_hub, monkeypatch):
    monkeypatch.setattr(backends, "TIMEOUTS", (5.0, 5.0))  # A busy machine takes a moment to film it.
    team = team(current_hub)
    made = team.asks(model=team.video)[0]
    team.tick()
    team.finish()
    team.tick()
    download.download_result(str(made.pk))
    result = Result.objects.get()
    assert result.content_type == "video/mp4"
    assert result.thumbnail
    assert result.seconds


TROUBLE = [
    mis.status(500),
    mis.busy(503),
    mis.html(200),
    mis.reset_before(),
    mis.half_json(),
    mis.answer(200, b"", name="empty"),
    mis.redirect("http://127.0.0.1:9/elsewhere.png"),
    mis.redirect("http://10.0.0.1/private.png"),
    mis.redirect("http://169.254.169.254/latest"),
]


@pytest.mark.parametrize("plan", TROUBLE, ids=lambda plan: f"{plan.name} {plan.spoil(Reply()).headers}")
def test_a_fetch_that_fails_is_no_failed_generation_and_is_tried_again(ended, current_hub, plan):
    current_hub.misbehave("result", plan)
    download.download_result(str(ended.pk))
    assert states(ended) == ["succeeded"]
    row = Download.objects.get()
    assert row.last_error
    assert row.next_attempt_at > timezone.now()
    assert files() == []
    download.download_result(str(ended.pk))  # a bell too early does nothing
    assert Download.objects.get().attempts == 1
    tries_now()
    download.download_result(str(ended.pk))
    assert Result.objects.exists()


def test_an_expired_link_is_replaced_by_the_one_the_row_tells_now(ended, current_hub):
    current_hub.expire_links()
    download.download_result(str(ended.pk))
    assert Result.objects.exists()


def test_without_a_link_the_row_is_asked_for_it(ended):
    Download.objects.update(url="")
    download.download_result(str(ended.pk))
    assert Result.objects.exists()


def test_a_result_larger_than_the_limit_is_not_stored(ended, settings):
    settings.DROVER_MAX_RESULT_BYTES = 10
    download.download_result(str(ended.pk))
    assert "larger than 10 bytes" in Download.objects.get().last_error
    assert files() == []


def test_the_key_goes_to_the_hub_alone(ended, current_hub):
    with Hub("current") as other:
        other.pages["/stolen.png"] = Reply(200, factories.png(), {"Content-Type": "image/png"})
        current_hub.misbehave("result", mis.redirect(f"{other.url}/stolen.png"))
        download.download_result(str(ended.pk))
        assert not any(asked.key for asked in other.ledger.requests)


def test_links_to_what_only_this_network_may_see_are_refused(ended):
    with Hub("current") as other:
        other.pages["/inside.png"] = Reply(200, factories.png(), {"Content-Type": "image/png"})
        Download.objects.update(url=other.url.replace("127.0.0.1", "127.0.0.2") + "/inside.png")
        download.download_result(str(ended.pk))
        assert other.ledger.requests == []
    assert "not an address on the public internet" in Download.objects.get().last_error


def test_it_is_given_up_after_a_day_and_can_be_asked_for_again(ended, current_hub):
    Download.objects.update(created_at=timezone.now() - timedelta(hours=25))
    current_hub.misbehave("result", mis.status(500))
    download.download_result(str(ended.pk))
    assert Download.objects.get().next_attempt_at is None
    assert downloads.reserve_due_downloads(timezone.now(), 8) == []
    downloads.retry_now(ended)
    download.download_result(str(ended.pk))
    assert Result.objects.exists()
    with pytest.raises(NotFound):
        downloads.retry_now(ended)


def test_what_another_try_will_hardly_change_is_given_up_sooner(ended, current_hub):
    for _ in range(downloads.MAX_PERMANENT_ERRORS):
        tries_now()
        current_hub.misbehave("result", mis.html(200))
        download.download_result(str(ended.pk))
    assert Download.objects.get().next_attempt_at is None


def test_the_pauses_grow_and_the_timeline_is_told_once(ended, current_hub):
    pauses = []
    for _ in range(4):
        tries_now()
        current_hub.misbehave("result", mis.status(500))
        download.download_result(str(ended.pk))
        pauses.append((Download.objects.get().next_attempt_at - timezone.now()).total_seconds())
    assert pauses == sorted(pauses)
    assert Event.objects.filter(kind=Event.Kind.DOWNLOAD_FAILED).count() == 1


def test_of_two_workers_one_fetches(ended):
    first = downloads.acquire(str(ended.pk), "one")
    assert downloads.acquire(str(ended.pk), "two") is None
    assert downloads.reserve_due_downloads(timezone.now(), 8) == []
    assert downloads.renew(first)


def test_a_dead_workers_download_is_taken_up_and_its_late_result_is_not_kept_twice(ended):
    dead = downloads.acquire(str(ended.pk), "dead")
    Download.objects.update(lease_expires_at=timezone.now() - timedelta(seconds=1))
    assert downloads.reserve_due_downloads(timezone.now(), 8) == []
    assert Download.objects.get().last_error == downloads.WORKER_DIED
    tries_now()
    assert downloads.reserve_due_downloads(timezone.now(), 8) == [str(ended.pk)]
    alive = downloads.acquire(str(ended.pk), "alive")
    assert not downloads.renew(dead)
    assert downloads.finish(alive, results.save_files(ended, factories.picture()))
    kept = files()
    assert not downloads.finish(dead, results.save_files(ended, factories.picture()))
    assert files() == kept
    assert Result.objects.count() == 1


def test_a_full_disk_is_told_and_tried_again(ended, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(results.storage, "save_file", full)
    download.download_result(str(ended.pk))
    assert "No space left" in Download.objects.get().last_error


def test_bells_are_rung_for_what_is_due(ended, monkeypatch):
    Download.objects.update(lease_expires_at=None)
    rung = []
    monkeypatch.setattr(dispatch, "async_task", lambda task, key, **_: rung.append((task, key)))
    dispatch.dispatch_downloads()
    dispatch.dispatch_downloads()
    assert rung == [("queueapp.tasks.download_result", str(ended.pk))]


def test_a_hub_whose_results_hang_leaves_places_for_other_hubs_and_the_engine(
    team, current_hub, alice, django_capture_on_commit_callbacks
):
    team = team(current_hub)
    many = team.asks(4)
    with Hub("current") as other:
        factories.hub_model(factories.hub_connection(other, "other"), "nano-banana")
        one = factories.enqueue(alice, "nano-banana", count=4)
        team.tick()
        team.finish()
        for made in other.ledger.live:
            other.finish(made.id)
        team.tick()
    Download.objects.update(lease_expires_at=None)
    now = timezone.now()
    rung = set(downloads.reserve_due_downloads(now, 8))
    assert len(rung) == downloads.MAX_CONCURRENT
    assert len(rung & {str(made.pk) for made in many}) == downloads.MAX_PER_HUB
    assert len(rung & {str(made.pk) for made in one}) == 1
    done = downloads.acquire(next(iter(rung)), "a worker")
    before = Lease.objects.get().wakeups
    with django_capture_on_commit_callbacks(execute=True):
        downloads.record_failure(done, "The hub answered 500.")
    assert Lease.objects.get().wakeups > before
    assert len(downloads.reserve_due_downloads(now, 8)) == 1


def test_the_page_says_why_and_when_and_offers_to_try_now(ended, current_hub, alices_browser):
    page = alices_browser.get(f"/generations/{ended.pk}/").content.decode()
    assert "downloading the result" in page
    current_hub.misbehave("result", mis.status(500))
    download.download_result(str(ended.pk))
    page = alices_browser.get(f"/generations/{ended.pk}/").content.decode()
    assert "Result not stored yet" in page
    assert "answered with HTTP 500" in page
    assert "Next attempt at" in page
    assert "data-result" not in page
    alices_browser.post(f"/generations/{ended.pk}/retry-download/")
    download.download_result(str(ended.pk))
    assert "data-result" in alices_browser.get(f"/generations/{ended.pk}/").content.decode()


def test_the_table_says_it_too_and_asks_often_only_while_it_is_being_fetched(
    ended, current_hub, alices_browser
):
    assert 'data-pending-count="1"' in alices_browser.get("/").content.decode()
    for _ in range(2):
        tries_now()
        current_hub.misbehave("result", mis.status(500))
        download.download_result(str(ended.pk))
    page = alices_browser.get("/").content.decode()
    assert "Result not stored yet" in page
    assert 'data-pending-count="0"' in page


def test_nobody_fetches_again_what_is_not_theirs(ended, bobs_browser):
    Download.objects.update(next_attempt_at=None)
    bobs_browser.post(f"/generations/{ended.pk}/retry-download/")
    assert Download.objects.get().next_attempt_at is None


def test_a_worker_shows_that_it_works_while_a_download_takes_long(ended, monkeypatch):
    beaten = []
    monkeypatch.setattr(coordination, "record_heartbeat", beaten.append)
    monkeypatch.setattr(heartbeat, "INTERVAL", 0.001)
    monkeypatch.setattr(downloads, "renew", lambda _: beaten.append("renewed"))
    monkeypatch.setattr(heartbeat.databases, "close_all", lambda: None)
    download = downloads.acquire(str(ended.pk), render_leases.new_lease_token())
    with heartbeat.send_heartbeats(lambda: downloads.renew(download)):
        until(lambda: len(beaten) >= 2)
    assert beaten[:2] == ["jobs", "renewed"]
    assert Generation.objects.get().state == "succeeded"
