"""Results that a hub has and Drover has not stored yet: who fetches one now, and when it is tried again.

A fetch that fails is no failed generation: it ended well, and its result is still to come.
"""

from collections import Counter
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import F, Q
from django.utils import timezone

from queueapp.errors import NotFound
from queueapp.models import Download, Generation, Result
from queueapp.services import coordination, results
from queueapp.services.lifecycle.transitions import bump_version, log_event

#: A hold that is not renewed for this long is over: its worker is dead.
LEASE_DURATION = timedelta(seconds=20)
#: A bell that is not answered for this long is rung again.
DISPATCH_TIMEOUT = timedelta(seconds=10)
#: How many are fetched at once, and how many of one hub: a hub whose results hang must hold up neither the
#: others' results nor the built-in engine, which shares the workers.
MAX_CONCURRENT, MAX_PER_HUB = 3, 2
#: Seconds until the next try, by how many have failed; the last one counts from then on.
RETRY_DELAYS = (5, 15, 60, 300, 900, 3600)
#: After this long nobody tries any more unless somebody asks for it.
GIVE_UP_AFTER = timedelta(hours=24)
#: Tries of what another try will hardly change: a wrong link, bytes that are no picture. Enough of them to
#: last for twenty minutes, because a proxy's error page may pass.
MAX_PERMANENT_ERRORS = 6
WORKER_DIED = "The worker that fetched it ended before the result was stored."


def create_download(generation: Generation, url: str) -> None:
    """Fetch this generation's result from now on; `url` may be empty where only the hub's id is known."""
    Download.objects.create(
        generation=generation,
        connection_id=generation.connection_id,
        url=url,
        next_attempt_at=timezone.now(),
    )


def reserve_due_downloads(now: datetime, most: int) -> list[str]:
    """The ids of those that are to be tried now and that nobody tries, as far as there are places for them;
    the longest due first.

    Their next bell is due when this one has had time to be answered. A try whose worker died has failed:
    a result that kills whoever fetches it must do so neither again at once, nor for ever.
    """
    unheld = Q(lease_expires_at=None) | Q(lease_expires_at__lt=now)
    wanted = Download.objects.filter(unheld, next_attempt_at__lte=now)
    for dead in wanted.exclude(lease_token="").select_related("generation"):
        record_failure(dead, WORKER_DIED, permanent=True, where=unheld)
    found = wanted.filter(lease_token="").order_by("next_attempt_at")
    held = Counter(Download.objects.filter(lease_expires_at__gte=now).values_list("connection_id", flat=True))
    rung: list[str] = []
    while len(rung) < most and held.total() < MAX_CONCURRENT:
        full = [hub for hub, fetches in held.items() if fetches >= MAX_PER_HUB]
        first = found.exclude(connection__in=full).first()
        if first is None:
            break
        if Download.objects.filter(unheld, pk=first.pk, lease_token="").update(
            lease_expires_at=now + DISPATCH_TIMEOUT
        ):
            rung.append(str(first.pk))
        held[first.connection_id] += 1
    return rung


def acquire(generation_id: UUID | str, claim: str) -> Download | None:
    """Take hold of a download to try it; None if there is nothing to do, or somebody is at it."""
    now = timezone.now()
    free = Q(lease_token="") | Q(lease_expires_at__lt=now)
    key = UUID(str(generation_id))
    wanted = Download.objects.filter(free, pk=key, next_attempt_at__lte=now)
    if not wanted.update(
        lease_token=claim, lease_expires_at=now + LEASE_DURATION, attempts=F("attempts") + 1
    ):
        return None
    download = Download.objects.select_related("generation", "connection").filter(pk=key).first()
    if download and download.last_error:
        bump_version(download.generation)  # The page says that it is tried again now.
    return download


def renew(download: Download) -> bool:
    """Keep the hold; False when it is gone."""
    return bool(_held_download(download).update(lease_expires_at=timezone.now() + LEASE_DURATION))


def set_url(download: Download, url: str) -> None:
    """The hub tells another link."""
    _held_download(download).update(url=url)
    download.url = url


def finish(download: Download, result: Result) -> bool:
    """Save the result in place of the download; False, and nothing kept, if the hold was lost meanwhile."""
    try:
        with transaction.atomic():
            log_event(download.generation, "result stored")
            won = bool(_held_download(download).delete()[0])
            if won:
                result.save(force_insert=True)
                transaction.on_commit(
                    coordination.wake_poller, robust=True
                )  # There is a place for the next one.
            else:
                transaction.set_rollback(True)
    except BaseException:
        results.delete_files(result)
        raise
    if not won:
        results.delete_files(result)
    return won


def record_failure(
    download: Download,
    words: str,
    *,
    permanent: bool = False,
    retry_after: float | None = None,
    where: Q | None = None,
) -> None:
    """This try came to nothing: plan the next one, or give up; nothing if the hold is lost or not `where`.

    `retry_after` is the wait in seconds that was asked for. What is permanent is given up after some tries,
    if the last two came to the same.
    """
    now = timezone.now()
    words = words[:500]
    permanent = permanent and download.attempts >= MAX_PERMANENT_ERRORS and download.last_error == words
    over = permanent or now - download.created_at > GIVE_UP_AFTER
    failures = max(download.attempts, 1)  # Somebody may have begun the counting anew meanwhile.
    pause = max(RETRY_DELAYS[min(failures, len(RETRY_DELAYS)) - 1], retry_after or 0)
    planned: dict[str, Any] = {
        "last_error": words,
        "next_attempt_at": None if over else now + timedelta(seconds=pause),
        "lease_token": "",
        "lease_expires_at": None,
    }
    with transaction.atomic():
        if over or download.last_error != words:
            kind = "result given up" if over else "result not stored"
            log_event(download.generation, kind, text=words)
        else:
            bump_version(download.generation)
        transaction.on_commit(coordination.wake_poller, robust=True)
        if not _held_download(download).filter(where or Q()).update(**planned):
            transaction.set_rollback(True)


def retry_now(generation: Generation) -> None:
    """Try now, however often it failed. NotFound if there is nothing to fetch.

    A try that is under way goes on: another one would only begin at the front again.
    """
    now = timezone.now()
    with transaction.atomic():
        bump_version(generation)
        asked = Download.objects.filter(pk=generation.pk)
        if not asked.update(attempts=0, created_at=now):
            raise NotFound("There is no result to fetch.")
        idle = asked.filter(Q(lease_token="") | Q(lease_expires_at__lt=now))
        idle.update(next_attempt_at=now, lease_token="", lease_expires_at=None)
        transaction.on_commit(coordination.wake_poller, robust=True)


def _held_download(download: Download) -> Any:
    return Download.objects.filter(pk=download.pk, lease_token=download.lease_token).exclude(lease_token="")
