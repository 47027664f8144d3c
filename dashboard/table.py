"""The live table: which generations it shows, what has changed since, and its rows' HTML.

Rendering fifty rows costs ten times as much as finding them, so a row's HTML is kept per version of its
generation, the same for everybody who sees it.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import NamedTuple
from urllib.parse import urlencode
from uuid import UUID

from django.core.cache import cache
from django.db.models import Q, QuerySet
from django.http import QueryDict
from django.template.loader import get_template
from django.utils import timezone
from django.utils.safestring import SafeString, mark_safe

from dashboard.pages import is_overdue, read_sort_key, row_of, sort_key
from dashboard.versions import KEEP, Token, going, kept
from queueapp.errors import ModelNotFound
from queueapp.models import Generation, Namespace
from queueapp.services import catalog
from queueapp.states import LIVE, STATE_GROUPS

#: Rows of one page.
PAGE = 50
_CURSOR = re.compile(r"(\d{1,20})-([0-9a-f]{32})", re.ASCII)
_LOADED = ("submission", "model", "connection", "result", "download")
_GROUPS = {group.name: group for group in STATE_GROUPS}


class Line(NamedTuple):
    """As much of a generation as finding its HTML takes."""

    id: UUID
    version: int
    state: str
    enqueued_at: datetime
    released_at: datetime | None
    typical: float | None
    slow: float | None


_LINE = (
    "id", "version", "state", "enqueued_at", "released_at", "model__median_seconds", "model__p95_seconds"
)  # fmt: skip


@dataclass(frozen=True)
class Filters:
    """What the person wants to see: a group of states, a model, words of the prompt, a place in the past."""

    state: str = ""
    model: str = ""
    q: str = ""
    before: str = ""

    @classmethod
    def read(cls, query: QueryDict) -> "Filters":
        """From an address. What cannot be understood is left out, so that an old link still opens."""
        state, before = query.get("state", ""), query.get("before", "")
        return cls(
            state=state if state in _GROUPS else "",
            model=query.get("model", "")[:250].replace("\0", ""),
            q=query.get("q", "").strip()[:200].replace("\0", ""),
            before=before if _CURSOR.fullmatch(before) else "",
        )

    @property
    def narrowed(self) -> bool:
        return bool(self.state or self.model or self.q)

    def link(self, **changes: str) -> str:
        """The table's address with these filters, some of them changed."""
        values = {"state": self.state, "model": self.model, "q": self.q} | changes
        pairs = urlencode({name: value for name, value in values.items() if value})
        return f"/?{pairs}" if pairs else "/"

    def _start(self, name: str, **changes: str) -> str:
        """The beginning of an address that ends with the value of `name`."""
        link = self.link(**changes)
        return f"{link}{'&' if '?' in link else '?'}{name}="

    @property
    def newest(self) -> str:
        return self.link()

    @property
    def any_state(self) -> str:
        return self.link(state="")

    @property
    def state_start(self) -> str:
        return self._start("state", state="")

    @property
    def older_start(self) -> str:
        return self._start("before")

    @property
    def refreshing(self) -> str:
        """The same page, loading itself again without scripts."""
        return f"{self._start('refresh', before=self.before)}5"

    @cached_property
    def states(self) -> tuple[str, ...]:
        return tuple(_GROUPS[self.state].states) if self.state else ()

    def apply(self, found: QuerySet[Generation]) -> QuerySet[Generation]:
        """Narrow by everything but the state."""
        if self.model:
            found = found.filter(model__in=_model_ids(self.model))
        for word in self.q.split():
            found = found.filter(_has_word(word))
        if self.before:
            found = found.filter(_older_than(self.before))
        return found


def _model_ids(name: str) -> list[int]:
    try:
        return catalog.model_ids_by_name(name)
    except ModelNotFound:
        return []


def _has_word(word: str) -> Q:
    """SQLite ignores case for ASCII alone, so other words are looked for in each of their cases."""
    cases = {word} if word.isascii() else {word, word.lower(), word.upper(), word.capitalize()}
    matching = Q()
    for case in cases:
        matching |= Q(submission__prompt__icontains=case)
    return matching


def _older_than(cursor: str) -> Q:
    try:
        at, generation_id = read_sort_key(cursor)
    except (OverflowError, ValueError):
        return Q()
    # The first condition says again what the second means, in words an index can be searched by.
    return Q(enqueued_at__lte=at) & (Q(enqueued_at__lt=at) | Q(id__lt=generation_id))


@dataclass(frozen=True)
class Page:
    """Up to fifty rows as HTML, and where the next page begins."""

    rows: SafeString
    older: str
    count: int


def page(namespaces: Sequence[Namespace], filters: Filters) -> Page:
    """The newest rows that match. One query, and one more for rows never rendered before.

    While nothing lives, nothing but a new version changes the page: the newest one is kept whole.
    """
    if going(namespaces) or filters.q or filters.before:
        return _page(namespaces, filters)
    return kept("page", namespaces, of=filters, make=lambda: _page(namespaces, filters))


def _page(namespaces: Sequence[Namespace], filters: Filters) -> Page:
    found = filters.apply(Generation.objects.filter(namespace__in=namespaces))
    if filters.state:
        found = found.filter(state_group=filters.state)
    lines = _lines(found, PAGE + 1)
    shown = lines[:PAGE]
    older = sort_key(shown[-1].enqueued_at, shown[-1].id) if len(lines) > PAGE else ""
    return Page(_joined(rows_html(shown)), older, len(shown))


@dataclass(frozen=True)
class Changes:
    """What a page must do to be up to date: rows to show or replace, and rows only to replace.

    Or, when more has changed than fits a page, all of it anew.
    """

    rows: str = ""
    known: str = ""
    everything: Page | None = None


def changes(namespaces: Sequence[Namespace], since: Token, filters: Filters) -> Changes:
    """The rows that changed after `since`, newest first.

    A row that has stopped matching the filter by state is among `known`: it changes where it is shown,
    and does not vanish under somebody's cursor.
    """
    changed = Q()
    for namespace in namespaces:
        changed |= Q(namespace=namespace, version__gt=since.get(namespace.pk, -1))
    # In the order of an index that knows versions: few rows have changed, many are in the history.
    lines = _lines(filters.apply(Generation.objects.filter(changed)), PAGE + 1, "version")
    if len(lines) > PAGE:
        return Changes(everything=page(namespaces, filters))
    lines.sort(key=lambda line: (line.enqueued_at, line.id), reverse=True)
    matching = [line for line in lines if not filters.state or line.state in filters.states]
    others = [line for line in lines if line not in matching]
    return Changes(_joined(rows_html(matching)), _joined(rows_html(others)))


def _lines(found: QuerySet[Generation], most: int, *order: str) -> list[Line]:
    rows = found.order_by(*order or ("-enqueued_at", "-id")).values_list(*_LINE)[:most]
    return [Line(*row) for row in rows]


def rows_html(lines: Sequence[Line]) -> list[str]:
    """The HTML of these rows, in their order, from the cache where it is there."""
    now = timezone.now()
    keys = [_key(line, now) for line in lines]
    known: dict[str, str] = cache.get_many(keys)
    missing = [line.id for line, key in zip(lines, keys, strict=True) if key not in known]
    if missing:
        template = get_template("generations/_row.html")
        made = {}
        loaded = Generation.objects.select_related(*_LOADED).in_bulk(missing)
        for line, key in zip(lines, keys, strict=True):
            if key in known or line.id not in loaded:
                continue
            known[key] = template.render({"row": row_of(loaded[line.id], now)}).strip()
            # It may have moved on since its version was read: what is kept must be what the key says.
            if loaded[line.id].version == line.version:
                made[key] = known[key]
        cache.set_many(made, KEEP)
    return [known[key] for key in keys if key in known]


def _key(line: Line, now: datetime) -> str:
    """Names everything that a row's HTML depends on."""
    if line.state not in LIVE:
        return f"row:{line.id.hex}:{line.version}"
    overdue = is_overdue(line.state, line.released_at, line.slow, now)
    return f"row:{line.id.hex}:{line.version}:{line.typical}:{line.slow}:{overdue:d}"


def _joined(rows: Iterable[str]) -> SafeString:
    return mark_safe("\n".join(rows))  # noqa: S308  (templates made them)
