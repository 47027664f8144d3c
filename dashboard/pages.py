"""What templates see: plain values, ready to be shown. No template reaches into a row of the database."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from queueapp.models import Download, Generation, Result
from queueapp.params import Params
from queueapp.states import CANCELLING_TEXT, LIVE, STATE_TEXTS, State, StateText

#: How many of a generation's parameters a row tells beside its model.
SUMMARY = 3
#: Parameters that a person knows by their value alone, in the order they are told.
_PLAIN = ("aspect_ratio", "resolution", "size", "image_size", "duration", "seed")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICRO = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Badge:
    """A state as it is shown: the icon's name is its shape, the label its word; CSS gives the colour."""

    icon: str
    label: str
    meaning: str


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table."""

    id: UUID
    state: str
    key: str
    badge: Badge
    live: bool
    cancellable: bool
    overdue: bool
    prompt: str
    model: str
    connection: str
    summary: str
    reason: str
    arriving: str
    thumbnail: bool
    video: bool
    video_length: str
    enqueued_at: datetime
    since: datetime | None
    typical: float | None
    usual: str
    slow: float | None
    took: str


def row_of(generation: Generation, now: datetime) -> Row:
    """A row; the generation comes with its submission, model, connection and result loaded."""
    model = generation.model
    result = result_of(generation)
    live = generation.is_live
    running = generation.state == State.PROCESSING
    return Row(
        id=generation.pk,
        state=generation.state,
        key=sort_key(generation.enqueued_at, generation.pk),
        badge=badge_of(generation.state, cancelling=generation.is_cancelling),
        live=live,
        cancellable=live and not generation.is_cancelling,
        overdue=is_overdue(generation.state, generation.released_at, model.p95_seconds, now),
        prompt=generation.submission.prompt,
        model=model.display_name,
        connection=generation.connection.name,
        summary=summary_of(generation.submission.params),
        reason="" if live else generation.reason,
        arriving=arriving(generation),
        thumbnail=bool(result and result.thumbnail),
        video=model.media_type == model.Media.VIDEO,
        video_length=clock(result.seconds) if result and result.seconds else "",
        enqueued_at=generation.enqueued_at,
        since=(generation.released_at or generation.enqueued_at) if live else None,
        typical=model.median_seconds if running else None,
        usual=about(model.median_seconds) if live and model.median_seconds else "",
        slow=model.p95_seconds if running else None,
        took="" if live else took(generation),
    )


def sort_key(at: datetime, generation_id: UUID) -> str:
    """A text that sorts like the table does: by time of enqueue, then id."""
    return f"{(at - _EPOCH) // _MICRO:020d}-{generation_id.hex}"


def read_sort_key(key: str) -> tuple[datetime, UUID]:
    """What a sort key was made of. ValueError or OverflowError for a text that is none."""
    micros, _, generation_id = key.partition("-")
    return _EPOCH + int(micros) * _MICRO, UUID(generation_id)


def result_of(generation: Generation) -> Result | None:
    """The stored result, if there is one."""
    return getattr(generation, "result", None)


def download_of(generation: Generation) -> Download | None:
    """The result that is still to be fetched from the hub, if there is one."""
    return getattr(generation, "download", None)


def is_being_fetched(download: Download) -> bool:
    """Whether a result is on its way right now, as far as anybody can tell."""
    return download.next_attempt_at is not None and download.attempts <= 1


def is_tried_now(download: Download, now: datetime) -> bool:
    """Whether a worker is at it, or is to be at any moment."""
    return download.next_attempt_at is not None and download.next_attempt_at <= now


def arriving(generation: Generation) -> str:
    """What is said in the row of a result that is not stored here."""
    download = download_of(generation)
    if download is None:
        return "The result is in the hub's own account" if generation.state == State.FINISHED else ""
    if not download.last_error:
        return "Fetching the result"
    words = "Result not stored" if download.next_attempt_at is None else "Result not stored yet"
    return f"{words}: {download.last_error}"


def badge_of(state: str, *, cancelling: bool = False) -> Badge:
    words: StateText = CANCELLING_TEXT if cancelling else STATE_TEXTS[State(state)]
    return Badge("cancelling" if cancelling else state, words.label, words.meaning)


def is_overdue(state: str, released_at: datetime | None, slow: float | None, now: datetime) -> bool:
    """Whether a generation is still going after 19 of 20 of its model's would have ended."""
    if state not in LIVE or released_at is None or not slow:
        return False
    return (now - released_at).total_seconds() > slow


def took(generation: Generation) -> str:
    """How long an ended generation was worked on; for one that never started, nothing."""
    if generation.ended_at is None or generation.released_at is None:
        return ""
    return span((generation.ended_at - generation.released_at).total_seconds())


def span(seconds: float) -> str:
    """A length of time in at most two units; the script that counts up says it the same way."""
    whole = int(max(0.0, seconds))
    if whole < 60:
        return f"{seconds:.1f} s" if seconds < 9.95 else f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60:02d} s"
    return f"{whole // 3600} h {whole % 3600 // 60:02d} min"


def about(seconds: float) -> str:
    """A usual time, no more exact than it deserves."""
    if seconds < 1:
        return "about 1 s"
    if seconds < 90:
        return f"about {round(seconds)} s"
    return f"about {round(seconds / 60)} min"


def clock(seconds: float) -> str:
    """A video's length as players show it."""
    whole = max(1, round(seconds))
    return f"{whole // 60}:{whole % 60:02d}"


def size(count: int) -> str:
    """Bytes for people."""
    if count < 1_000_000:
        return f"{max(1, round(count / 1000))} kB"
    return f"{count / 1_000_000:.1f} MB"


def summary_of(params: Params) -> str:
    """The few parameters that tell one generation from the next, in one line."""
    told = []
    shots = params.get("multi_prompt")
    if isinstance(shots, list) and shots:
        told.append(f"{len(shots)} shots" if len(shots) > 1 else "1 shot")
    told += [words for name in _PLAIN if (words := _plain(name, params.get(name)))]
    others = (name for name in params if name not in (*_PLAIN, "prompt", "multi_prompt"))
    told += [words for name in others if (words := _named(name, params[name]))]
    return " · ".join(told[:SUMMARY])


def _plain(name: str, value: Any) -> str:
    if isinstance(value, bool) or not isinstance(value, str | int | float) or value == "":
        return ""
    if name == "duration":
        return f"{value} s" if str(value).replace(".", "").isdigit() else f"{value} length"
    return f"seed {value}" if name == "seed" else str(value)[:20]


def _named(name: str, value: Any) -> str:
    words = name.replace("_", " ")
    if isinstance(value, bool):
        return words if value else ""
    if isinstance(value, int | float):
        return f"{words} {value}"
    if isinstance(value, str) and len(value) <= 20 and "://" not in value:
        return f"{words} {value}"
    return ""


def flattened(params: Mapping[str, Any]) -> dict[str, Any]:
    """The parameters without the prompt and the shots, which a page tells in its own way."""
    return {name: value for name, value in params.items() if name not in ("prompt", "multi_prompt")}
