"""A result that is not stored at once: dead workers, what may pass and what will not, and asking again."""

import tempfile
import threading
from datetime import timedelta
from pathlib import Path

from django.db import OperationalError
from django.utils import timezone

from queueapp.jobs import download, heartbeat
from queueapp.models import Download, Event, Result
from queueapp.services import coordination, downloads
from queueapp.services.lifecycle import render_leases
from queueapp.states import State
from queueapp.upstream.errors import LinkExpired
from tests import factories
from tests.hub import misbehaviour as mis
from tests.pages import read


def tries_now() -> None:
    Download.objects.update(next_attempt_at=timezone.now(), lease_expires_at=None)


def dies(made) -> None:
    """A worker takes it up and is killed; its hold lapses."""
    assert downloads.acquire(str(made.pk), render_leases.new_lease_token())
    Download.objects.update(lease_expires_at=timezone.now() - timedelta(seconds=1))
    assert downloads.reserve_due_downloads(timezone.now(), 8) == []


def on_the_way(made) -> list[Path]:
    return list(Path(tempfile.gettempdir()).glob(f"drover-{made.pk.hex}-*"))


def seconds_to_wait() -> float:
    return (Download.objects.get().next_attempt_at - timezone.now()).total_seconds()


def test_a_result_that_kills_its_workers_is_tried_ever_more_rarely_and_then_given_up(ended):
    pauses = []
    for _ in range(downloads.MAX_PERMANENT_ERRORS - 1):
        dies(ended)
        pauses.append(seconds_to_wait())
        tries_now()
    assert pauses == sorted(pauses)
    dies(ended)
    assert Download.objects.get().next_attempt_at is None
    assert [event.text for event in Event.objects.filter(kind__startswith="download")] == [
        downloads.WORKER_DIED
    ] * 2


def test_a_worker_that_is_only_slow_is_not_called_dead(ended):
    slow = downloads.acquire(str(ended.pk), render_leases.new_lease_token())
    Download.objects.update(lease_expires_at=timezone.now() - timedelta(seconds=1))
    now = timezone.now()
    assert downloads.renew(slow)
    assert downloads.reserve_due_downloads(now, 8) == []
    assert not Download.objects.get().last_error
    assert downloads.renew(slow)


def test_what_a_dead_worker_left_on_the_disk_is_removed_by_the_next_try(ended):
    left = Path(tempfile.mkdtemp(prefix=f"drover-{ended.pk.hex}-"))
    (left / "result.part").write_bytes(b"half of it")
    download.download_result(str(ended.pk))
    assert Result.objects.exists()
    assert on_the_way(ended) == []


def test_a_full_disk_before_the_first_byte_is_told_in_the_same_words(ended, monkeypatch):
    def full(*_, **__):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(download.tempfile, "TemporaryDirectory", full)
    download.download_result(str(ended.pk))
    row = Download.objects.get()
    assert row.last_error == "It could not be written to the disk: No space left on device."
    assert row.next_attempt_at


def test_an_outage_that_ends_in_an_error_page_does_not_end_the_tries(ended, current_hub):
    for plan in [mis.status(500)] * downloads.MAX_PERMANENT_ERRORS + [mis.html(200)]:
        tries_now()
        current_hub.misbehave("result", plan)
        download.download_result(str(ended.pk))
    assert seconds_to_wait() > 0


def test_the_pause_a_hub_asks_for_is_kept(ended, current_hub):
    current_hub.misbehave("result", mis.busy(429, "120"))
    download.download_result(str(ended.pk))
    assert 110 < seconds_to_wait() <= 120


def test_a_link_that_has_expired_for_good_is_not_tried_for_a_day(team, bridge_hub, monkeypatch):
    team = team(bridge_hub)
    made = team.asks()[0]
    team.tick()
    told = {"state": "succeeded", "url": f"{bridge_hub.url}/results/expired.png"}
    type(made).objects.filter(pk=made.pk).update(completion_event=told)
    team.finish()
    team.tick(2)
    for _ in range(downloads.MAX_PERMANENT_ERRORS):
        tries_now()
        download.download_result(str(made.pk))
    row = Download.objects.get()
    assert row.next_attempt_at is None
    assert "expired" in row.last_error


def test_a_fresh_link_has_the_rest_of_the_time_and_no_more(ended, monkeypatch):
    given = []
    whole = download.Client.download

    def fetch(client, link, target, cap, *, seconds):
        given.append(seconds)
        if len(given) == 1:
            monkeypatch.setattr(download, "TIME_LIMIT", 0)
            raise LinkExpired("gone")
        return whole(client, link, target, cap, seconds=seconds)

    monkeypatch.setattr(download.Client, "download", fetch)
    Download.objects.update(url="https://hub.example/old.png")
    download.download_result(str(ended.pk))
    assert Result.objects.exists()
    assert given[1] < given[0] <= 300


def test_asking_again_leaves_a_try_that_is_under_way_alone(ended):
    at_work = downloads.acquire(str(ended.pk), render_leases.new_lease_token())
    downloads.retry_now(ended)
    assert downloads.renew(at_work)
    assert downloads.reserve_due_downloads(timezone.now(), 8) == []


def test_counting_begun_anew_under_a_dead_worker_does_not_put_the_next_try_off_for_an_hour(ended):
    assert downloads.acquire(str(ended.pk), render_leases.new_lease_token())
    downloads.retry_now(ended)
    Download.objects.update(lease_expires_at=timezone.now() - timedelta(seconds=1))
    assert downloads.reserve_due_downloads(timezone.now(), 8) == []
    assert seconds_to_wait() <= 5


def test_a_database_that_is_busy_for_a_moment_does_not_cost_the_hold(ended, monkeypatch):
    beats = threading.Semaphore(0)

    def busy(_):
        beats.release()
        raise OperationalError("database is locked")

    monkeypatch.setattr(coordination, "record_heartbeat", busy)
    monkeypatch.setattr(heartbeat, "INTERVAL", 0.001)
    monkeypatch.setattr(heartbeat.databases, "close_all", lambda: None)
    download = downloads.acquire(str(ended.pk), render_leases.new_lease_token())
    with heartbeat.send_heartbeats(lambda: downloads.renew(download)):
        assert all(beats.acquire(timeout=5) for _ in range(3))


def test_a_slow_trickle_arrives_whole(ended, current_hub):
    current_hub.misbehave("result", mis.trickle(0.0001))
    download.download_result(str(ended.pk))
    assert Result.objects.exists()


def test_a_body_without_end_is_cut_off_at_the_limit(ended, current_hub, settings):
    settings.DROVER_MAX_RESULT_BYTES = 1024 * 1024
    current_hub.misbehave("result", mis.huge())
    download.download_result(str(ended.pk))
    assert "larger than 1,048,576 bytes" in Download.objects.get().last_error
    assert on_the_way(ended) == []


def test_the_page_says_when_it_is_tried_again_now(ended, current_hub, alices_browser):
    address = f"/generations/{ended.pk}/"
    current_hub.misbehave("result", mis.status(500))
    download.download_result(str(ended.pk))
    assert read(alices_browser.get(address)).has_link("Retry now")
    ended.refresh_from_db()
    version = ended.version
    tries_now()
    assert downloads.acquire(str(ended.pk), render_leases.new_lease_token())
    page = read(alices_browser.get(address))
    assert "Retrying now." in page.text
    assert not page.has_link("Retry now")
    ended.refresh_from_db()
    assert ended.version > version


def test_the_row_says_why(ended, current_hub, alices_browser):
    current_hub.misbehave("result", mis.status(500))
    download.download_result(str(ended.pk))
    page = alices_browser.get("/").content.decode()
    assert "Result not stored yet: The link to the result answered with HTTP 500." in page


def test_a_given_up_result_says_what_it_means_and_keeps_its_button(ended, alices_browser):
    Download.objects.update(next_attempt_at=None, last_error="It was not there.")
    page = read(alices_browser.get(f"/generations/{ended.pk}/"))
    assert "The result could not be stored" in page.text
    assert "own account before you run it again" in page.text
    assert page.has_link("Retry now")


def test_one_that_left_the_list_says_what_is_known_and_what_to_do(alice, alices_browser):
    made = factories.generation(alice, State.FINISHED)
    page = alices_browser.get(f"/generations/{made.pk}/").content.decode()
    assert "gave no reason" not in page
    assert "The hub did not report the outcome" in page
    assert "own account before you run it again" in page


def test_staff_fetch_again_what_is_not_stored(ended, admins_browser):
    Download.objects.update(next_attempt_at=None)
    choice = {"action": "fetch_again", "_selected_action": [str(ended.pk)]}
    page = admins_browser.post("/admin/queueapp/generation/", choice, follow=True).content.decode()
    assert "Fetching 1 result again." in page
    assert Download.objects.get().next_attempt_at
