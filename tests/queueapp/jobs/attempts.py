"""Attempts to download a result: run one, let its worker die, look at what it leaves."""

import tempfile
from datetime import timedelta
from pathlib import Path

from django.core.files.storage import default_storage
from django.utils import timezone

from queueapp.jobs import download
from queueapp.models import Download, Generation
from queueapp.services import downloads
from queueapp.services.lifecycle import render_leases

#: More than the number of downloads in any test.
MANY = 8


def attempt(generation: Generation) -> None:
    """Run the job of a worker."""
    download.download_result(str(generation.pk))


def acquire(generation: Generation) -> Download:
    """Begin an attempt, as a worker does."""
    row = downloads.acquire(str(generation.pk), render_leases.new_lease_token())
    assert row is not None
    return row


def expire_lease() -> None:
    Download.objects.update(lease_expires_at=timezone.now() - timedelta(seconds=1))


def reserve_due() -> list[str]:
    """Return the ids of the downloads for which the poller enqueues a task now."""
    return downloads.reserve_due_downloads(timezone.now(), MANY)


def let_worker_die(generation: Generation) -> None:
    """Begin an attempt whose worker dies, and let the poller find out."""
    acquire(generation)
    expire_lease()
    assert reserve_due() == []


def make_due() -> None:
    """Skip the delay before the next attempt."""
    Download.objects.update(next_attempt_at=timezone.now(), lease_expires_at=None)


def seconds_until_retry() -> float:
    next_attempt_at = Download.objects.get().next_attempt_at
    assert next_attempt_at is not None
    return (next_attempt_at - timezone.now()).total_seconds()


def stored_files() -> list[str]:
    """Return the names of all results and thumbnails in the storage."""
    names: list[str] = []
    for folder in ("results", "thumbnails"):
        if default_storage.exists(folder):
            for month in default_storage.listdir(folder)[0]:
                names += default_storage.listdir(f"{folder}/{month}")[1]
    return names


def temporary_folders(generation: Generation) -> list[Path]:
    return list(Path(tempfile.gettempdir()).glob(f"drover-{generation.pk.hex}-*"))
