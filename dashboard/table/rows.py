"""Build the values that the template of a row shows. Templates read no database rows themselves."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

from dashboard.formatting import (
    format_duration,
    format_typical_duration,
    format_video_length,
    summarize_params,
)
from queueapp.models import Generation
from queueapp.models.results import get_download, get_result
from queueapp.states import CANCELLING_TEXT, LIVE, STATE_TEXTS, State

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Badge:
    """A state as pages show it: the name of its icon, its label and its meaning. CSS adds the colour."""

    icon: str
    label: str
    meaning: str


@dataclass(frozen=True, slots=True)
class Row:
    """One generation in the table."""

    id: UUID
    state: str
    sort_key: str
    badge: Badge
    is_live: bool
    is_cancellable: bool
    is_overdue: bool
    prompt: str
    model: str
    connection: str
    summary: str
    reason: str
    download_status: str
    has_thumbnail: bool
    is_video: bool
    video_length: str
    enqueued_at: datetime
    #: The time that the elapsed time of a live generation counts from.
    started_at: datetime | None
    #: Median seconds of the model, while the generation runs.
    typical_seconds: float | None
    typical_duration: str
    #: Seconds after which a running generation is overdue.
    overdue_seconds: float | None
    duration: str

    @property
    def media_icon(self) -> str:
        """The icon of the kind of media that the model makes."""
        return "video" if self.is_video else "image"


def build_row(generation: Generation, now: datetime) -> Row:
    """Build a row. The generation's submission, model, connection, result and download must be loaded."""
    model = generation.model
    result = get_result(generation)
    live = generation.is_live
    running = generation.state == State.PROCESSING
    typical = model.median_seconds if live else None
    return Row(
        id=generation.pk,
        state=generation.state,
        sort_key=sort_key(generation.enqueued_at, generation.pk),
        badge=badge_for(generation),
        is_live=live,
        is_cancellable=live and not generation.is_cancelling,
        is_overdue=is_overdue(generation.state, generation.released_at, model.p95_seconds, now),
        prompt=generation.submission.prompt,
        model=model.display_name,
        connection=generation.connection.name,
        summary=summarize_params(generation.submission.params),
        reason="" if live else generation.reason,
        download_status=_download_status(generation),
        has_thumbnail=bool(result and result.thumbnail),
        is_video=model.media_type == model.Media.VIDEO,
        video_length=format_video_length(result.seconds) if result and result.seconds else "",
        enqueued_at=generation.enqueued_at,
        started_at=(generation.released_at or generation.enqueued_at) if live else None,
        typical_seconds=typical if running else None,
        typical_duration=format_typical_duration(typical) if typical else "",
        overdue_seconds=model.p95_seconds if running else None,
        duration="" if live else _duration(generation),
    )


def sort_key(enqueued_at: datetime, generation_id: UUID) -> str:
    """Return a text that sorts as the table does: by time of enqueue, then by id."""
    return f"{(enqueued_at - _EPOCH) // _MICROSECOND:020d}-{generation_id.hex}"


def parse_sort_key(key: str) -> tuple[datetime, UUID]:
    """Return the time and the id of a sort key. Raise ValueError or OverflowError if it is malformed."""
    microseconds, _, generation_id = key.partition("-")
    return _EPOCH + int(microseconds) * _MICROSECOND, UUID(generation_id)


def badge_for(generation: Generation) -> Badge:
    """Return the badge of a generation's state, or of its pending cancel."""
    cancelling = generation.is_cancelling
    text = CANCELLING_TEXT if cancelling else STATE_TEXTS[State(generation.state)]
    return Badge("cancelling" if cancelling else generation.state, text.label, text.meaning)


def is_overdue(
    state: str, released_at: datetime | None, overdue_seconds: float | None, now: datetime
) -> bool:
    """Tell whether a live generation has taken longer than 95 % of its model's."""
    if state not in LIVE or released_at is None or not overdue_seconds:
        return False
    return (now - released_at).total_seconds() > overdue_seconds


def _duration(generation: Generation) -> str:
    """Return how long an ended generation was with its backend; empty if it never started."""
    if generation.ended_at is None or generation.released_at is None:
        return ""
    return format_duration((generation.ended_at - generation.released_at).total_seconds())


def _download_status(generation: Generation) -> str:
    """Describe a result that the hub has and Drover has not stored; empty if there is none."""
    download = get_download(generation)
    if download is None:
        return "The result is in the hub's own account" if generation.state == State.FINISHED else ""
    if not download.last_error:
        return "Downloading the result"
    status = "Result not stored" if download.next_attempt_at is None else "Result not stored yet"
    return f"{status}: {download.last_error}"
