"""Download results from a hub on a real socket: one attempt, from the link to the stored, checked file."""

import tempfile
import threading
from pathlib import Path

import pytest
from django.db import OperationalError
from django.utils import timezone

from queueapp import backends
from queueapp.files import storage
from queueapp.jobs import download, heartbeat
from queueapp.models import Download, Generation, Result
from queueapp.services import coordination, downloads, results
from queueapp.states import State
from queueapp.upstream.errors import LinkExpired
from tests import factories
from tests.hub import misbehaviour as mis
from tests.hub.misbehaviour import Reply
from tests.hub.server import Hub
from tests.queueapp.jobs.attempts import acquire, attempt, make_due, stored_files, temporary_folders


@pytest.fixture
def frequent_heartbeats(monkeypatch) -> None:
    """Heartbeats every millisecond, on the test's own database connection."""
    monkeypatch.setattr(heartbeat, "INTERVAL", 0.001)
    monkeypatch.setattr(heartbeat.databases, "close_all", lambda: None)


def test_a_result_is_downloaded_once_and_stored_with_a_thumbnail_and_its_size(ended, current_hub):
    version = ended.version
    attempt(ended)
    result = Result.objects.get()
    assert (result.content_type, result.width > 0, bool(result.thumbnail)) == ("image/png", True, True)
    with storage.open_file(result.file) as file:
        assert file.read(4) == b"\x89PNG"
    assert not Download.objects.exists()
    ended.refresh_from_db()
    assert ended.version > version
    attempt(ended)
    assert len(current_hub.ledger.calls("result")) == 1


def test_the_thumbnail_of_a_video_is_its_first_frame(team, current_hub, monkeypatch):
    monkeypatch.setattr(
        backends, "TIMEOUTS", (5.0, 5.0)
    )  # A busy machine takes a moment to encode the video.
    team = team(current_hub)
    video = team.asks(model=team.video)[0]
    team.tick()
    team.finish()
    team.tick()
    attempt(video)
    result = Result.objects.get()
    assert result.content_type == "video/mp4"
    assert result.thumbnail
    assert result.seconds


FAILURES = [
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


@pytest.mark.parametrize("plan", FAILURES, ids=lambda plan: f"{plan.name} {plan.spoil(Reply()).headers}")
def test_a_failed_download_is_retried_and_the_generation_stays_succeeded(ended, current_hub, plan):
    current_hub.misbehave("result", plan)
    attempt(ended)
    assert Generation.objects.get().state == State.SUCCEEDED
    row = Download.objects.get()
    assert row.last_error
    assert row.next_attempt_at > timezone.now()
    assert stored_files() == []
    attempt(ended)  # The task ran too early and does nothing.
    assert Download.objects.get().attempts == 1
    make_due()
    attempt(ended)
    assert Result.objects.exists()


def test_an_expired_link_is_replaced_by_a_new_one(ended, current_hub):
    current_hub.expire_links()
    attempt(ended)
    assert Result.objects.exists()


def test_a_missing_link_is_requested_from_the_hub(ended):
    Download.objects.update(url="")
    attempt(ended)
    assert Result.objects.exists()


def test_a_new_link_gets_the_rest_of_the_time_limit(ended, monkeypatch):
    seconds_given = []
    real_download = download.Client.download

    def download_file(client, link, target, max_bytes, *, seconds):
        seconds_given.append(seconds)
        if len(seconds_given) == 1:
            monkeypatch.setattr(download, "TIME_LIMIT", 0)
            raise LinkExpired("gone")
        return real_download(client, link, target, max_bytes, seconds=seconds)

    monkeypatch.setattr(download.Client, "download", download_file)
    Download.objects.update(url="https://hub.example/old.png")
    attempt(ended)
    assert Result.objects.exists()
    assert seconds_given[1] < seconds_given[0] <= 300


def test_a_result_larger_than_the_limit_is_not_stored(ended, settings):
    settings.DROVER_MAX_RESULT_BYTES = 10
    attempt(ended)
    assert "larger than 10 bytes" in Download.objects.get().last_error
    assert stored_files() == []


def test_an_endless_response_is_cut_off_at_the_limit(ended, current_hub, settings):
    settings.DROVER_MAX_RESULT_BYTES = 1024 * 1024
    current_hub.misbehave("result", mis.huge())
    attempt(ended)
    assert "larger than 1,048,576 bytes" in Download.objects.get().last_error
    assert temporary_folders(ended) == []


def test_a_response_that_arrives_byte_by_byte_is_stored_whole(ended, current_hub):
    current_hub.misbehave("result", mis.trickle(0.0001))
    attempt(ended)
    assert Result.objects.exists()


def test_the_key_is_not_sent_to_another_host(ended, current_hub):
    with Hub("current") as other:
        other.pages["/stolen.png"] = Reply(200, factories.png(), {"Content-Type": "image/png"})
        current_hub.misbehave("result", mis.redirect(f"{other.url}/stolen.png"))
        attempt(ended)
        assert not any(request.key for request in other.ledger.requests)


def test_a_link_into_the_private_network_is_refused(ended):
    with Hub("current") as other:
        other.pages["/inside.png"] = Reply(200, factories.png(), {"Content-Type": "image/png"})
        Download.objects.update(url=other.url.replace("127.0.0.1", "127.0.0.2") + "/inside.png")
        attempt(ended)
        assert other.ledger.requests == []
    assert "not an address on the public internet" in Download.objects.get().last_error


def test_a_full_disk_is_reported_and_the_download_is_retried(ended, monkeypatch):
    def fail(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(results.storage, "save_file", fail)
    attempt(ended)
    row = Download.objects.get()
    assert row.last_error == "The result could not be written to disk: No space left on device."
    assert row.next_attempt_at


def test_a_disk_that_is_full_before_the_first_byte_is_reported_in_the_same_words(ended, monkeypatch):
    def fail(*_, **__):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(download.tempfile, "TemporaryDirectory", fail)
    attempt(ended)
    row = Download.objects.get()
    assert row.last_error == "The result could not be written to disk: No space left on device."
    assert row.next_attempt_at


def test_the_next_attempt_deletes_what_a_dead_worker_left_on_the_disk(ended):
    leftover = Path(tempfile.mkdtemp(prefix=f"drover-{ended.pk.hex}-"))
    (leftover / "result.part").write_bytes(b"half of it")
    attempt(ended)
    assert Result.objects.exists()
    assert temporary_folders(ended) == []


@pytest.mark.usefixtures("frequent_heartbeats")
def test_a_worker_sends_heartbeats_and_renews_its_lease_during_a_long_download(ended, monkeypatch):
    calls = []
    renewed = threading.Event()

    def renew(_):
        calls.append("renewed")
        renewed.set()

    monkeypatch.setattr(coordination, "record_heartbeat", calls.append)
    monkeypatch.setattr(downloads, "renew", renew)
    row = acquire(ended)
    with heartbeat.send_heartbeats(lambda: downloads.renew(row)):
        assert renewed.wait(5)
    assert calls[:2] == ["jobs", "renewed"]
    assert Generation.objects.get().state == State.SUCCEEDED


@pytest.mark.usefixtures("frequent_heartbeats")
def test_heartbeats_continue_after_the_database_was_busy(ended, monkeypatch):
    heartbeats = threading.Semaphore(0)

    def fail(_):
        heartbeats.release()
        raise OperationalError("database is locked")

    monkeypatch.setattr(coordination, "record_heartbeat", fail)
    row = acquire(ended)
    with heartbeat.send_heartbeats(lambda: downloads.renew(row)):
        assert all(heartbeats.acquire(timeout=5) for _ in range(3))
