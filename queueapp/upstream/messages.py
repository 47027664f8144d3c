"""The hub's answers as frozen dataclasses. What they don't know they ignore; times are aware, in UTC.

Each `read` takes parsed JSON of any shape and gives a message or None, and raises nothing.
"""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Self

from queueapp.upstream.parsing import (
    MAX_RAW,
    Json,
    Redact,
    as_datetime,
    as_id,
    as_integer,
    as_link,
    as_object,
    as_word,
    error_text,
    truncate,
)

#: The state words after which nothing more happens. Every other word, known or not, is still going.
END_STATES = frozenset({"succeeded", "failed", "cancelled"})
#: Words of the envelope around an answer, which are no state of a generation.
_ENVELOPE = frozenset({"success", "error", "ok"})
#: Names at a row's top level that belong to the hub; everything else is an echo of what was submitted.
SYSTEM_FIELDS = frozenset(
    {
        "generation_id",
        "model",
        "model_name",
        "media_type",
        "status",
        "enqueued_at",
        "started_at",
        "completed_at",
        "result_url",
        "error_message",
        "target_namespace",
        "target_repo",
        "target_directory",
        "num_generations",
        "retried_from_id",
        "cost",
        "user_id",
        "username",
        "user_image",
    }
)


class Revision(StrEnum):
    """The three shapes of the queue protocol that hubs speak."""

    CLASSIC = "classic"
    BRIDGE = "bridge"
    CURRENT = "current"


@dataclass(frozen=True, slots=True)
class Enqueued:
    """What an enqueue made: an id for each generation, and the state told with it. Never empty; it can
    hold fewer or more than were asked for."""

    ids: tuple[str, ...]
    statuses: tuple[str | None, ...]

    @classmethod
    def read(cls, body: Json) -> Self | None:
        rows = as_object(body).get("generations")
        told = [unwrap(row) for row in rows] if isinstance(rows, list) else [unwrap(body)]
        found: dict[str, str | None] = {}
        for row in told:
            if (generation := as_id(row.get("generation_id"))) is not None:
                found.setdefault(generation, _state(row))
        return cls(tuple(found), tuple(found.values())) if found else None


@dataclass(frozen=True, slots=True)
class Row:
    """One generation as the hub's list tells it.

    `state` is the hub's own word, None where it told none (a classic hub tells none: in the list means
    going). `params` is the echo of what was submitted, cut: fit to compare and show, not to send.
    """

    id: str
    model: str | None
    state: str | None
    enqueued_at: datetime | None
    started_at: datetime | None
    completed_at: datetime | None
    result_url: str | None
    error: str | None
    namespace: str | None
    params: dict[str, Any] = field(hash=False)

    @property
    def ended(self) -> bool:
        """Whether the hub says that it is over. A word nobody knows is shown, and means still going."""
        return self.state in END_STATES

    @classmethod
    def read(cls, data: Json, clean: Redact, revision: Revision = Revision.CURRENT) -> Self | None:
        """A row, bare or under `generation`. None without a usable id.

        Submitted parameters share the top level with the system's fields, so on a classic hub, whose rows
        have no state and no result, anything of that name is a parameter.
        """
        row = unwrap(data)
        generation = as_id(row.get("generation_id" if "generation_id" in row else "id"))
        if generation is None:
            return None
        tells = revision is not Revision.CLASSIC
        state = _state(row) if tells else None
        return cls(
            id=generation,
            model=as_word(row.get("model")) or as_word(row.get("model_name")),
            state=state,
            enqueued_at=as_datetime(row.get("enqueued_at")),
            started_at=as_datetime(row.get("started_at")) if tells else None,
            completed_at=as_datetime(row.get("completed_at")) if tells else None,
            result_url=_result(row, state) if tells else None,
            error=_error(row, state, clean) if tells else None,
            namespace=as_word(row.get("target_namespace")),
            params=truncate({k: v for k, v in row.items() if k not in SYSTEM_FIELDS}, clean),
        )


def unwrap(data: Json) -> dict[str, Json]:
    """The row itself: a `generation` beside an id of its own is a parameter of that name."""
    row = as_object(data)
    return as_object(row.get("generation")) if "generation_id" not in row and "generation" in row else row


def _state(row: dict[str, Json]) -> str | None:
    state = as_word(row.get("status"), 40)
    return None if state in _ENVELOPE else state


def _result(row: dict[str, Json], state: str | None) -> str | None:
    if "result_url" in row:
        return as_link(row["result_url"])
    # `images` or `video` of what is still going is the echo of an input, not a result.
    return nested_result_url(row) if state == "succeeded" else None


def nested_result_url(row: dict[str, Json]) -> str | None:
    """The result's link from the other places where it has been met."""
    for name in ("images", "videos"):
        items = row.get(name)
        if isinstance(items, list) and items and (found := as_link(as_object(items[0]).get("url"))):
            return found
    links = (as_link(as_object(row.get(name)).get("url")) for name in ("image", "video", "result"))
    return next((found for found in links if found), None)


def _error(row: dict[str, Json], state: str | None, clean: Redact) -> str | None:
    told = row.get("error_message")
    if isinstance(told, str) and told.strip():
        return clean(told.strip(), MAX_RAW)
    return error_text(row, clean) or None if state == "failed" else None


@dataclass(frozen=True, slots=True)
class Listing:
    """A whole, well-formed list: what is not in it has left it. `count` is the number of rows."""

    rows: tuple[Row, ...]
    count: int

    @classmethod
    def read(cls, body: Json, clean: Redact, revision: Revision = Revision.CURRENT) -> Self | None:
        """None unless every row has an id, the count (where given) is theirs, and no error is beside it."""
        outer = as_object(body)
        told, count = outer.get("generations"), outer.get("count")
        if not isinstance(told, list) or outer.get("error") or outer.get("status") == "error":
            return None
        if count is not None and as_integer(count) != len(told):
            return None
        rows = [Row.read(row, clean, revision) for row in told]
        whole_rows = tuple(row for row in rows if row is not None)
        return cls(whole_rows, len(rows)) if len(whole_rows) == len(rows) else None


@dataclass(frozen=True, slots=True)
class CompletionEvent:
    """A generation ended, told at that moment. `url` is presigned and expires; polling stays the truth."""

    id: str
    state: str | None
    media_type: str | None
    model: str | None
    url: str | None
    error: str | None

    @classmethod
    def read(cls, data: Json, clean: Redact) -> Self | None:
        event = as_object(data)
        generation = as_id(event.get("generation_id"))
        if generation is None:
            return None
        return cls(
            id=generation,
            state=_state(event),
            media_type=as_word(event.get("media_type"), 40),
            model=as_word(event.get("model")) or as_word(event.get("model_name")),
            url=as_link(event.get("url")) or as_link(event.get("result_url")) or nested_result_url(event),
            error=_error(event, "failed" if event.get("error") else _state(event), clean),
        )
