"""Parse the hub's messages about generations into frozen dataclasses.

Each `parse` takes parsed JSON of any shape and returns a message or None. It never raises and ignores
unknown fields. Times are aware and in UTC.
"""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Self

from queueapp.upstream.parsing import (
    Json,
    as_datetime,
    as_id,
    as_integer,
    as_object,
    as_short_text,
    as_url,
    error_text,
    truncate,
)
from queueapp.upstream.redaction import MAX_RAW, Redactor

#: The states of an ended generation. Every other state, known or not, means that it is active.
END_STATES = frozenset({"succeeded", "failed", "cancelled"})
#: Values of `status` that describe the response and not a generation.
_RESPONSE_STATUSES = frozenset({"success", "error", "ok"})
#: The hub's own fields at a row's top level. All others are an echo of submitted parameters.
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
    """The three revisions of the queue protocol."""

    CLASSIC = "classic"
    BRIDGE = "bridge"
    CURRENT = "current"


@dataclass(frozen=True, slots=True)
class Enqueued:
    """The response to an enqueue: an id and a state for each generation.

    There is at least one id. There can be fewer or more than requested.
    """

    ids: tuple[str, ...]
    statuses: tuple[str | None, ...]

    @classmethod
    def parse(cls, body: Json) -> Self | None:
        """Return the message, or None if the body contains no usable id."""
        rows = as_object(body).get("generations")
        generations = [unwrap_row(row) for row in rows] if isinstance(rows, list) else [unwrap_row(body)]
        states: dict[str, str | None] = {}
        for generation in generations:
            if (generation_id := as_id(generation.get("generation_id"))) is not None:
                states.setdefault(generation_id, _state(generation))
        return cls(tuple(states), tuple(states.values())) if states else None


@dataclass(frozen=True, slots=True)
class Row:
    """One generation in the hub's list.

    `state` is the hub's own word, or None if it sent none. A classic hub sends none: its list contains
    active generations only. `params` is the echo of the submitted parameters, cut: it can be compared and
    shown, but not sent again.
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
        """Return whether the hub reports an end. An unknown state counts as active."""
        return self.state in END_STATES

    @classmethod
    def parse(cls, data: Json, redact: Redactor, revision: Revision = Revision.CURRENT) -> Self | None:
        """Return a row, given bare or under `generation`, or None if it has no usable id.

        Submitted parameters share the top level with the hub's fields. The rows of a classic hub have no
        state and no result, so fields of these names are parameters there and are not read as the hub's.
        """
        row = unwrap_row(data)
        generation_id = as_id(row.get("generation_id" if "generation_id" in row else "id"))
        if generation_id is None:
            return None
        has_state = revision is not Revision.CLASSIC
        state = _state(row) if has_state else None
        return cls(
            id=generation_id,
            model=as_short_text(row.get("model")) or as_short_text(row.get("model_name")),
            state=state,
            enqueued_at=as_datetime(row.get("enqueued_at")),
            started_at=as_datetime(row.get("started_at")) if has_state else None,
            completed_at=as_datetime(row.get("completed_at")) if has_state else None,
            result_url=_result_url(row, state) if has_state else None,
            error=_error(row, state, redact) if has_state else None,
            namespace=as_short_text(row.get("target_namespace")),
            params=truncate({k: v for k, v in row.items() if k not in SYSTEM_FIELDS}, redact),
        )


def unwrap_row(data: Json) -> dict[str, Json]:
    """Return the row under `generation`, or the data itself.

    Beside a `generation_id`, a `generation` is a submitted parameter of that name.
    """
    row = as_object(data)
    return as_object(row.get("generation")) if "generation_id" not in row and "generation" in row else row


def _state(row: dict[str, Json]) -> str | None:
    state = as_short_text(row.get("status"), 40)
    return None if state in _RESPONSE_STATUSES else state


def _result_url(row: dict[str, Json], state: str | None) -> str | None:
    if "result_url" in row:
        return as_url(row["result_url"])
    # While a generation is active, `images` or `video` echoes an input.
    return _nested_result_url(row) if state == "succeeded" else None


def _nested_result_url(row: dict[str, Json]) -> str | None:
    """Return the link to the result from the other places where hubs put it."""
    for name in ("images", "videos"):
        items = row.get(name)
        if isinstance(items, list) and items and (url := as_url(as_object(items[0]).get("url"))):
            return url
    urls = (as_url(as_object(row.get(name)).get("url")) for name in ("image", "video", "result"))
    return next((url for url in urls if url), None)


def _error(row: dict[str, Json], state: str | None, redact: Redactor) -> str | None:
    message = row.get("error_message")
    if isinstance(message, str) and message.strip():
        return redact(message.strip(), MAX_RAW)
    return error_text(row, redact) or None if state == "failed" else None


@dataclass(frozen=True, slots=True)
class Listing:
    """A complete list. A generation that is missing from it has left the hub's list.

    `count` is the number of rows.
    """

    rows: tuple[Row, ...]
    count: int

    @classmethod
    def parse(cls, body: Json, redact: Redactor, revision: Revision = Revision.CURRENT) -> Self | None:
        """Return the list, or None if it may be incomplete.

        A complete list has an id in every row, the right `count` if any, and no error.
        """
        outer = as_object(body)
        data, count = outer.get("generations"), outer.get("count")
        if not isinstance(data, list) or outer.get("error") or outer.get("status") == "error":
            return None
        if count is not None and as_integer(count) != len(data):
            return None
        rows = tuple(row for item in data if (row := Row.parse(item, redact, revision)) is not None)
        return cls(rows, len(rows)) if len(rows) == len(data) else None


@dataclass(frozen=True, slots=True)
class CompletionEvent:
    """An event that a generation has ended. `url` is a presigned link that expires.

    Events can be missed, so polling decides.
    """

    id: str
    state: str | None
    media_type: str | None
    model: str | None
    url: str | None
    error: str | None

    @classmethod
    def parse(cls, data: Json, redact: Redactor) -> Self | None:
        """Return the event, or None if it has no usable id."""
        event = as_object(data)
        generation_id = as_id(event.get("generation_id"))
        if generation_id is None:
            return None
        return cls(
            id=generation_id,
            state=_state(event),
            media_type=as_short_text(event.get("media_type"), 40),
            model=as_short_text(event.get("model")) or as_short_text(event.get("model_name")),
            url=as_url(event.get("url")) or as_url(event.get("result_url")) or _nested_result_url(event),
            error=_error(event, "failed" if event.get("error") else _state(event), redact),
        )
