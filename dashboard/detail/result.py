"""Describe the stored result of a generation, or the download that is to bring it."""

from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.utils import timezone

from dashboard.composer import models_accepting
from dashboard.formatting import format_bytes, format_video_length
from queueapp.files import media
from queueapp.models import Download, Generation
from queueapp.models.results import get_download, get_result


@dataclass(frozen=True, slots=True)
class StoredResult:
    """A stored image or video. `length` is empty for an image."""

    content_type: str
    is_video: bool
    width: int
    height: int
    length: str
    size: str


@dataclass(frozen=True, slots=True)
class PendingDownload:
    """A result that is not stored yet. `next_attempt_at` is None after Drover stopped retrying."""

    last_error: str
    next_attempt_at: datetime | None
    #: The first attempt: the page polls until it has ended.
    is_first_attempt: bool
    #: A worker is downloading, or will be within moments.
    is_due: bool


def describe_result(generation: Generation) -> StoredResult | None:
    """Return the stored result, or None."""
    result = get_result(generation)
    if result is None:
        return None
    return StoredResult(
        content_type=result.content_type,
        is_video=media.kind_of(result.content_type) == "video",
        width=result.width,
        height=result.height,
        length=format_video_length(result.seconds) if result.seconds else "",
        size=format_bytes(result.size),
    )


def describe_download(generation: Generation) -> PendingDownload | None:
    """Return the download of a result that is not stored yet, or None."""
    download = get_download(generation)
    if download is None:
        return None
    return PendingDownload(
        last_error=download.last_error,
        next_attempt_at=download.next_attempt_at,
        is_first_attempt=download.next_attempt_at is not None and download.attempts <= 1,
        is_due=_is_due(download),
    )


def _is_due(download: Download) -> bool:
    return download.next_attempt_at is not None and download.next_attempt_at <= timezone.now()


def is_usable_as_input(generation: Generation) -> bool:
    """Tell whether a model accepts the stored result as its input."""
    result = get_result(generation)
    if result is None or result.size > settings.DROVER_MAX_INPUT_BYTES:
        return False
    return bool(models_accepting.best_model_for_result(generation))
