"""Load the rows of the table that have changed since a page was loaded."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import Q

from dashboard.table.filters import Filters
from dashboard.table.page import PAGE_SIZE, Page, load_page
from dashboard.table.row_html import load_keys, render_rows
from dashboard.table.versions import VersionToken
from queueapp.models import Generation, Namespace


@dataclass(frozen=True)
class Changes:
    """The updates for an open page: rows to insert or replace, and rows only to replace.

    If more has changed than fits on a page, `page` is the whole page instead.
    """

    rows: str = ""
    replaced_rows: str = ""
    page: Page | None = None


def load_changes(namespaces: Sequence[Namespace], since: VersionToken, filters: Filters) -> Changes:
    """Load the rows that changed after `since`, newest first.

    A row that stops matching the filter by state is only replaced: it stays where a user may be clicking.
    """
    changed = Q()
    for namespace in namespaces:
        changed |= Q(namespace=namespace, version__gt=since.get(namespace.pk, -1))
    # In the order of the index of versions: few rows have changed, but the history is long.
    keys = load_keys(filters.apply(Generation.objects.filter(changed)), PAGE_SIZE + 1, order=["version"])
    if len(keys) > PAGE_SIZE:
        return Changes(page=load_page(namespaces, filters))
    keys.sort(key=lambda key: (key.enqueued_at, key.id), reverse=True)
    matching = [key for key in keys if not filters.state or key.state in filters.states]
    others = [key for key in keys if key not in matching]
    return Changes(render_rows(matching), render_rows(others))
