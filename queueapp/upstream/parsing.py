"""Reading what a hub sends without believing it: each reader gives a value of one type, or None.

Texts come out fit to be stored and shown: cut, without the bodies of `data:` URIs, without the key, and
without what a database cannot hold (NUL, lone surrogates).
"""

import json
import math
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Any, Protocol
from urllib.parse import quote

Json = Any

#: Characters of an error text that is shown; of a body kept for the record; of one echoed parameter.
MAX_MESSAGE, MAX_RAW, MAX_ECHO = 500, 2000, 2000
#: Characters of a `data:` URI's body that are kept, so that two can still be told apart.
MAX_DATA_URI = 64
#: Characters of a text that are looked at, at most; what comes behind is cut unseen.
MAX_INPUT = 64 * 1024
ELLIPSIS = "…"

_DATA = re.compile(
    r"(data:[\w.+-]+/[\w.+-]+(?:;[\w.+-]+(?:=[^;,\s]{0,100})?){0,5},"
    rf"[^\s\"'<>\\]{{{MAX_DATA_URI}}})[^\s\"'<>\\]+",
    re.IGNORECASE,
)
_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.:-]{0,99}")
_NUMBER = re.compile(r"[+-]?\d{1,25}(\.\d{1,12})?")
_BEARER = re.compile(r"(bearer\s+)[^\s\"'<>,;]+", re.IGNORECASE)


class Redact(Protocol):
    def __call__(self, text: str, limit: int = MAX_MESSAGE) -> str: ...


class Redactor:
    """Makes a text from elsewhere fit to be stored and shown. Its own repr does not show the key."""

    def __init__(self, key: str = "") -> None:
        forms = {key, quote(key, safe=""), json.dumps(key)[1:-1]} - {""}
        self._key = re.compile("|".join(map(re.escape, sorted(forms, key=len, reverse=True))), re.IGNORECASE)
        self._longest = max(map(len, forms), default=0)

    def __call__(self, text: str, limit: int = MAX_MESSAGE) -> str:
        if len(text) > MAX_INPUT:
            # A key that the cut went through would not be recognised, so the last few characters go too.
            text = text[: MAX_INPUT - self._longest] + ELLIPSIS
        if self._longest:
            text = self._key.sub("[key]", text)
        text = _BEARER.sub(r"\1[key]", text)
        text = _DATA.sub(rf"\1{ELLIPSIS}", text)
        text = text.replace("\0", "").encode("utf-8", "replace").decode()
        return text if len(text) <= limit else text[:limit] + ELLIPSIS


def parse_json(body: bytes | str) -> Json:
    """Parsed JSON; ValueError for everything that is none."""
    try:
        return json.loads(body)
    except RecursionError:
        raise ValueError("nested too deeply") from None


def as_object(value: Json) -> dict[str, Json]:
    """The value if it is an object, else an empty one."""
    return value if isinstance(value, dict) else {}


def as_id(value: Json) -> str | None:
    """An id that is safe in a path. The protocol's are UUIDs; other hubs' need not be."""
    return value if isinstance(value, str) and _ID.fullmatch(value) else None


def as_word(value: Json, limit: int = 200) -> str | None:
    """A short text such as a name or a state, as it is; None when it is none or no sane one."""
    if not isinstance(value, str) or not value.strip() or len(value) > limit:
        return None
    return value if value.isprintable() else None


def as_integer(value: Json) -> int | None:
    """A number without a fraction, also as text; None for the rest, `true` included."""
    if isinstance(value, str) and _NUMBER.fullmatch(value.strip()):
        value = float(value)
    if isinstance(value, float) and value.is_integer() and abs(value) < 2**53:
        value = int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) and abs(value) < 2**53 else None


def as_decimal(value: Json) -> Decimal | None:
    """Money: a decimal string by the protocol, a number where a hub is careless."""
    if isinstance(value, bool) or not isinstance(value, str | int | float) or len(str(value)) > 40:
        return None
    try:
        found = Decimal(str(value).strip())
    except InvalidOperation:
        return None
    return found if found.is_finite() and abs(found.adjusted()) < 20 else None


def as_datetime(value: Json) -> datetime | None:
    """A time: Unix seconds by the protocol; milli-, micro- and nanoseconds, numeric strings and ISO 8601
    in practice. Without a time zone it is UTC."""
    if isinstance(value, str):
        text = value.strip()[:40]
        if not _NUMBER.fullmatch(text):
            return _iso(text)
        value = float(text)
    if isinstance(value, bool) or not isinstance(value, int | float) or abs(value) > 1e21:
        return None
    seconds = float(value)
    # 1e11 seconds are the year 5138, 1e11 milliseconds are 1973: the unit shows itself.
    while math.isfinite(seconds) and seconds >= 1e11:
        seconds /= 1000
    return datetime.fromtimestamp(seconds, UTC) if 0 < seconds < 1e11 else None


def _iso(text: str) -> datetime | None:
    try:
        found = datetime.fromisoformat(text)
        return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def as_link(value: Json) -> str | None:
    """A web address, or a path on the hub; nothing else is ever fetched or shown as a link."""
    if not isinstance(value, str) or len(value) > 8192 or not value.isprintable():
        return None
    text = value.strip()
    return text if re.match(r"https?://[^/]|/[^/]", text, re.IGNORECASE) else None


def error_text(body: Json, clean: Redact) -> str:
    """The hub's words for what went wrong, from wherever they have been met, best first; else empty."""
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
    return next((clean(text.strip()) for text in places if isinstance(text, str) and text.strip()), "")


def truncate(value: Json, clean: Redact, *, limit: int = MAX_ECHO, items: int = 100, depth: int = 8) -> Json:
    """A copy of a parsed value with its size bounded: long texts, lists and nestings are cut.

    Used on echoed parameters and, alike, on those submitted, so that the two can be compared.
    """
    if isinstance(value, str):
        return clean(value, limit)
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, int) and not isinstance(value, bool):
        return value if abs(value) < 10**40 else None
    if depth <= 0:
        return None
    if isinstance(value, list | tuple):
        return [truncate(v, clean, limit=limit, items=items, depth=depth - 1) for v in value[:items]]
    if isinstance(value, Mapping):
        return {
            clean(str(k), 200): truncate(v, clean, limit=limit, items=items, depth=depth - 1)
            for k, v in list(value.items())[:items]
        }
    return value if isinstance(value, bool) else None
