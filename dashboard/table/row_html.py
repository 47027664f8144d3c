"""Render rows of the table, cached per version of their generation.

Rendering fifty rows takes ten times as long as finding them, and a row is the same for every user.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from django.core.cache import cache
from django.db.models import QuerySet
from django.template.loader import get_template
from django.utils import timezone
from django.utils.safestring import SafeString, mark_safe

from dashboard.table.rows import build_row, is_overdue
from dashboard.table.versions import CACHE_SECONDS
from queueapp.models import Generation
from queueapp.states import LIVE

_RELATIONS = ("submission", "model", "connection", "result", "download")
_COLUMNS = (
    "id", "version", "state", "enqueued_at", "released_at", "model__median_seconds", "model__p95_seconds"
)  # fmt: skip


class RowKey(NamedTuple):
    """The columns of a generation that the HTML of its row depends on."""

    id: UUID
    version: int
    state: str
    enqueued_at: datetime
    released_at: datetime | None
    typical_seconds: float | None
    overdue_seconds: float | None

    def cache_key(self, now: datetime) -> str:
        """Return a key that changes whenever the row's HTML does."""
        if self.state not in LIVE:
            return f"row:{self.id.hex}:{self.version}"
        overdue = is_overdue(self.state, self.released_at, self.overdue_seconds, now)
        return f"row:{self.id.hex}:{self.version}:{self.typical_seconds}:{self.overdue_seconds}:{overdue:d}"


def load_keys(
    generations: QuerySet[Generation], limit: int, order: Sequence[str] = ("-enqueued_at", "-id")
) -> list[RowKey]:
    """Load the keys of up to `limit` generations with one query."""
    rows = generations.order_by(*order).values_list(*_COLUMNS)[:limit]
    return [RowKey(*row) for row in rows]


def render_rows(keys: Sequence[RowKey]) -> SafeString:
    """Return the HTML of these rows, in this order. Rows that have been deleted meanwhile are left out."""
    now = timezone.now()
    cache_keys = {key: key.cache_key(now) for key in keys}
    html: dict[str, str] = cache.get_many(cache_keys.values())
    missing = {key: name for key, name in cache_keys.items() if name not in html}
    if missing:
        html |= _render(missing, now)
    rows = [html[name] for name in cache_keys.values() if name in html]
    return mark_safe("\n".join(rows))  # noqa: S308  (rendered by a template)


def _render(keys: Mapping[RowKey, str], now: datetime) -> dict[str, str]:
    """Load and render rows and cache their HTML; return it by cache key."""
    template = get_template("generations/_row.html")
    loaded = Generation.objects.select_related(*_RELATIONS).in_bulk([key.id for key in keys])
    html, cacheable = {}, {}
    for key, name in keys.items():
        if (generation := loaded.get(key.id)) is None:
            continue
        html[name] = template.render({"row": build_row(generation, now)}).strip()
        # A change after the key was loaded makes the HTML newer than the key.
        if generation.version == key.version:
            cacheable[name] = html[name]
    cache.set_many(cacheable, CACHE_SECONDS)
    return html
