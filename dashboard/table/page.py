"""Load a page of the table."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.safestring import SafeString

from dashboard.table.filters import Filters
from dashboard.table.row_html import load_keys, render_rows
from dashboard.table.rows import sort_key
from dashboard.table.versions import cached_by_versions, count_live
from queueapp.models import Generation, Namespace

#: Rows of one page.
PAGE_SIZE = 50


@dataclass(frozen=True)
class Page:
    """The HTML of up to PAGE_SIZE rows, and the cursor of the next page; empty if this is the last."""

    rows: SafeString
    older_cursor: str


def load_page(namespaces: Sequence[Namespace], filters: Filters) -> Page:
    """Load the newest rows that match: one query, and another one for rows that are not cached.

    While no generation is live, only a new version changes the page. The first page is then cached whole.
    """
    if count_live(namespaces) or filters.q or filters.before:
        return _load_page(namespaces, filters)
    return cached_by_versions("page", namespaces, lambda: _load_page(namespaces, filters), variant=filters)


def _load_page(namespaces: Sequence[Namespace], filters: Filters) -> Page:
    generations = filters.apply(Generation.objects.filter(namespace__in=namespaces))
    if filters.state:
        generations = generations.filter(state_group=filters.state)
    keys = load_keys(generations, PAGE_SIZE + 1)
    shown = keys[:PAGE_SIZE]
    older_cursor = sort_key(shown[-1].enqueued_at, shown[-1].id) if len(keys) > PAGE_SIZE else ""
    return Page(render_rows(shown), older_cursor)
