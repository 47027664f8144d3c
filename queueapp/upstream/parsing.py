"""Read JSON of any shape from a hub: each function returns a value of one type, or None."""

import json
import math
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from queueapp.upstream.redaction import Redactor

Json = Any

#: Characters of one echoed parameter.
MAX_ECHO = 2000
_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.:-]{0,99}")
_NUMBER = re.compile(r"[+-]?\d{1,25}(\.\d{1,12})?")


def parse_json(body: bytes | str) -> Json:
    """Return parsed JSON. Raises ValueError for everything else."""
    try:
        return json.loads(body)
    except RecursionError:
        raise ValueError("nested too deeply") from None


def as_object(value: Json) -> dict[str, Json]:
    """Return the value if it is an object, else an empty object."""
    return value if isinstance(value, dict) else {}


def as_id(value: Json) -> str | None:
    """Return an id that is safe in a path. The protocol's ids are UUIDs; those of other hubs may not be."""
    return value if isinstance(value, str) and _ID.fullmatch(value) else None


def as_short_text(value: Json, limit: int = 200) -> str | None:
    """Return a printable, non-blank text of at most `limit` characters, such as a name or a state."""
    if not isinstance(value, str) or not value.strip() or len(value) > limit:
        return None
    return value if value.isprintable() else None


def as_integer(value: Json) -> int | None:
    """Return a number without a fraction, also from text. A boolean is not a number."""
    if isinstance(value, str) and _NUMBER.fullmatch(value.strip()):
        value = float(value)
    if isinstance(value, float) and value.is_integer() and abs(value) < 2**53:
        value = int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) and abs(value) < 2**53 else None


def as_decimal(value: Json) -> Decimal | None:
    """Return an amount of money: a decimal string by the protocol, a number from some hubs."""
    if isinstance(value, bool) or not isinstance(value, str | int | float) or len(str(value)) > 40:
        return None
    try:
        amount = Decimal(str(value).strip())
    except InvalidOperation:
        return None
    return amount if amount.is_finite() and abs(amount.adjusted()) < 20 else None


def as_datetime(value: Json) -> datetime | None:
    """Return a time, aware and in UTC.

    The protocol has Unix seconds. Hubs also send milli-, micro- and nanoseconds, numbers as text, and
    ISO 8601. A time without a time zone is UTC.
    """
    if isinstance(value, str):
        text = value.strip()[:40]
        if not _NUMBER.fullmatch(text):
            return _parse_iso(text)
        value = float(text)
    if isinstance(value, bool) or not isinstance(value, int | float) or abs(value) > 1e21:
        return None
    seconds = float(value)
    # 1e11 seconds are in the year 5138 and 1e11 milliseconds in 1973, so the size reveals the unit.
    while math.isfinite(seconds) and seconds >= 1e11:
        seconds /= 1000
    return datetime.fromtimestamp(seconds, UTC) if 0 < seconds < 1e11 else None


def _parse_iso(text: str) -> datetime | None:
    try:
        date = datetime.fromisoformat(text)
        return date.replace(tzinfo=UTC) if date.tzinfo is None else date.astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def as_url(value: Json) -> str | None:
    """Return an http or https URL, or a path on the hub. Nothing else is ever downloaded or linked to."""
    if not isinstance(value, str) or len(value) > 8192 or not value.isprintable():
        return None
    text = value.strip()
    return text if re.match(r"https?://[^/]|/[^/]", text, re.IGNORECASE) else None


def error_text(body: Json, redact: Redactor) -> str:
    """Return the hub's error message from the first of the places where hubs put it, or an empty text."""
    outer = as_object(body)
    error = outer.get("error")
    inner = as_object(error)
    places = (
        inner.get("detail"),
        inner.get("message"),
        inner.get("title"),
        error,
        outer.get("status_message"),
    )
    return next((redact(text.strip()) for text in places if isinstance(text, str) and text.strip()), "")


def truncate(
    value: Json, redact: Redactor, *, limit: int = MAX_ECHO, items: int = 100, depth: int = 8
) -> Json:
    """Return a redacted copy of a parsed value with bounded size: long texts, lists and nesting are cut.

    Submitted parameters and their echo are truncated alike, so that the two can be compared.
    """
    if isinstance(value, str):
        return redact(value, limit)
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, int) and not isinstance(value, bool):
        return value if abs(value) < 10**40 else None
    if depth <= 0:
        return None
    if isinstance(value, list | tuple):
        return [truncate(v, redact, limit=limit, items=items, depth=depth - 1) for v in value[:items]]
    if isinstance(value, Mapping):
        return {
            redact(str(k), 200): truncate(v, redact, limit=limit, items=items, depth=depth - 1)
            for k, v in list(value.items())[:items]
        }
    return value if isinstance(value, bool) else None
