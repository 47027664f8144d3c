"""Lease downloads to workers, and schedule their retries.

A download fetches the result of a succeeded generation from its hub. If it fails, the generation stays
succeeded and the download is retried. A lease that is not renewed expires, so the download of a dead worker
is retried as well.
"""

from collections import Counter
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import F, Q, QuerySet
from django.utils import timezone

from queueapp.errors import NotFound
from queueapp.models import Download, Event, Generation, Result
from queueapp.services import coordination, results
from queueapp.services.lifecycle.transitions import bump_version, log_event

#: A lease that is not renewed for this long expires.
LEASE_DURATION = timedelta(seconds=20)
#: A task that no worker has started after this long is enqueued again.
DISPATCH_TIMEOUT = timedelta(seconds=10)
#: Concurrent downloads in all and of one hub. A hub that hangs must leave workers for other hubs and for the
#: built-in engine.
MAX_CONCURRENT, MAX_PER_HUB = 3, 2
#: Seconds until the next attempt after the first failure, the second, ...; the last one repeats.
RETRY_DELAYS = (5, 15, 60, 300, 900, 3600)
#: Drover stops retrying after this long.
GIVE_UP_AFTER = timedelta(hours=24)
#: Attempts after which a permanent error, such as a broken link or a file that is no image, is final. They
#: take 20 minutes, because the error page of a proxy looks like a permanent error and may disappear.
MAX_PERMANENT_ERRORS = 6
WORKER_DIED = "The worker stopped before the result was stored."


def create_download(generation: Generation, url: str) -> None:
    """Start to download a generation's result; `url` is "" if only the hub's id is known."""
    Download.objects.create(
        generation=generation,
        connection_id=generation.connection_id,
        url=url,
        next_attempt_at=timezone.now(),
    )


def reserve_due_downloads(now: datetime, limit: int) -> list[str]:
    """Return the generation ids of at most `limit` due downloads, the longest due first.

    The caller enqueues a task for each. Until `DISPATCH_TIMEOUT` has passed, the ids are not returned again.
    Expired leases first count as failed attempts, so that a result which kills its workers is retried more
    and more rarely, and not for ever.
    """
    expired = Q(lease_expires_at=None) | Q(lease_expires_at__lt=now)
    due = Download.objects.filter(expired, next_attempt_at__lte=now)
    for dead in due.exclude(lease_token="").select_related("generation"):
        record_failure(dead, WORKER_DIED, permanent=True, where=expired)
    waiting = due.filter(lease_token="").order_by("next_attempt_at")
    running = Counter(
        Download.objects.filter(lease_expires_at__gte=now).values_list("connection_id", flat=True)
    )
    reserved: list[str] = []
    while len(reserved) < limit and running.total() < MAX_CONCURRENT:
        busy_hubs = [connection_id for connection_id, count in running.items() if count >= MAX_PER_HUB]
        download = waiting.exclude(connection__in=busy_hubs).first()
        if download is None:
            break
        if Download.objects.filter(expired, pk=download.pk, lease_token="").update(
            lease_expires_at=now + DISPATCH_TIMEOUT
        ):
            reserved.append(str(download.pk))
        running[download.connection_id] += 1
    return reserved


def acquire(generation_id: UUID | str, lease_token: str) -> Download | None:
    """Lease a due download and count the attempt; return None if it is not due or leased already."""
    now = timezone.now()
    unleased = Q(lease_token="") | Q(lease_expires_at__lt=now)
    pk = UUID(str(generation_id))
    due = Download.objects.filter(unleased, pk=pk, next_attempt_at__lte=now)
    if not due.update(
        lease_token=lease_token, lease_expires_at=now + LEASE_DURATION, attempts=F("attempts") + 1
    ):
        return None
    download = Download.objects.select_related("generation", "connection").filter(pk=pk).first()
    if download and download.last_error:
        bump_version(download.generation)  # Pages show that it is being retried.
    return download


def renew(download: Download) -> bool:
    """Extend the lease; return False if it is lost."""
    return bool(_leased(download).update(lease_expires_at=timezone.now() + LEASE_DURATION))


def set_url(download: Download, url: str) -> None:
    """Store a new link to the result."""
    _leased(download).update(url=url)
    download.url = url


def finish(download: Download, result: Result) -> bool:
    """Save the result and delete the download in one transaction.

    Deletes the result's files and returns False if the lease is lost.
    """
    try:
        with transaction.atomic():
            # Locks the namespace first, like every change of a generation.
            log_event(download.generation, Event.Kind.RESULT_STORED)
            won = bool(_leased(download).delete()[0])
            if won:
                result.save(force_insert=True)
                # Another download can start.
                transaction.on_commit(coordination.wake_poller, robust=True)
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
    message: str,
    *,
    permanent: bool = False,
    retry_after: float | None = None,
    where: Q | None = None,
) -> None:
    """Record a failed attempt and schedule the next one, or give up.

    Does nothing if the lease is lost or `where` does not match. `retry_after` is the minimum delay in seconds
    that the hub asked for. A `permanent` error is final after `MAX_PERMANENT_ERRORS` attempts if the attempt
    before failed with the same message.
    """
    message = message[:500]
    give_up = _is_final(download, message, permanent)
    with transaction.atomic():
        # The version or event first: it locks the namespace, like every change of a generation.
        if give_up or download.last_error != message:
            kind = Event.Kind.DOWNLOAD_GIVEN_UP if give_up else Event.Kind.DOWNLOAD_FAILED
            log_event(download.generation, kind, text=message)
        else:
            bump_version(download.generation)
        transaction.on_commit(coordination.wake_poller, robust=True)
        updated = (
            _leased(download)
            .filter(where or Q())
            .update(
                last_error=message,
                next_attempt_at=None if give_up else _next_attempt(download, retry_after),
                lease_token="",
                lease_expires_at=None,
            )
        )
        if not updated:
            transaction.set_rollback(True)


def _is_final(download: Download, message: str, permanent: bool) -> bool:
    if timezone.now() - download.created_at > GIVE_UP_AFTER:
        return True
    return permanent and download.attempts >= MAX_PERMANENT_ERRORS and download.last_error == message


def _next_attempt(download: Download, retry_after: float | None) -> datetime:
    failures = max(download.attempts, 1)  # `retry_now` may have reset the attempts during this one.
    delay = RETRY_DELAYS[min(failures, len(RETRY_DELAYS)) - 1]
    return timezone.now() + timedelta(seconds=max(delay, retry_after or 0))


def retry_now(generation: Generation) -> None:
    """Retry a download now and count its attempts and time from zero.

    An attempt that is running continues, because a second one would start from the beginning. Raises NotFound
    if the generation has no download.
    """
    now = timezone.now()
    with transaction.atomic():
        bump_version(generation)
        rows = Download.objects.filter(pk=generation.pk)
        if not rows.update(attempts=0, created_at=now):
            raise NotFound("There is no result to download.")
        unleased = rows.filter(Q(lease_token="") | Q(lease_expires_at__lt=now))
        unleased.update(next_attempt_at=now, lease_token="", lease_expires_at=None)
        transaction.on_commit(coordination.wake_poller, robust=True)


def _leased(download: Download) -> QuerySet[Download]:
    """Return the row of a download while its lease is held."""
    return Download.objects.filter(pk=download.pk, lease_token=download.lease_token).exclude(lease_token="")
