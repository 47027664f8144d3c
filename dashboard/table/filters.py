"""Read the filters of the table from an address, and apply them to a query."""

import re
from dataclasses import dataclass
from functools import cached_property
from urllib.parse import urlencode

from django.db.models import Q, QuerySet
from django.http import QueryDict

from dashboard.table.rows import parse_sort_key
from queueapp.errors import ModelNotFound
from queueapp.models import Generation
from queueapp.services import catalog
from queueapp.states import STATE_GROUPS

_CURSOR = re.compile(r"(\d{1,20})-([0-9a-f]{32})", re.ASCII)
_GROUPS = {group.name: group for group in STATE_GROUPS}
#: Characters of a filter that are read; longer than any model's name, and enough for a search.
_MAX_MODEL, _MAX_SEARCH = 250, 200


@dataclass(frozen=True)
class Filters:
    """The filters of the table: a group of states, a model, words of the prompt, and `before` for paging.

    `before` is the sort key of the last row of the page before.
    """

    state: str = ""
    model: str = ""
    q: str = ""
    before: str = ""

    @classmethod
    def from_query(cls, query: QueryDict) -> "Filters":
        """Read filters from an address. Invalid ones are left out, so that old links still work."""
        state, before = query.get("state", ""), query.get("before", "")
        return cls(
            state=state if state in _GROUPS else "",
            model=query.get("model", "")[:_MAX_MODEL].replace("\0", ""),
            q=query.get("q", "").strip()[:_MAX_SEARCH].replace("\0", ""),
            before=before if _CURSOR.fullmatch(before) else "",
        )

    @property
    def are_active(self) -> bool:
        """Tell whether any filter narrows the table."""
        return bool(self.state or self.model or self.q)

    @property
    def newest_url(self) -> str:
        """The first page with these filters."""
        return self._url()

    @property
    def all_states_url(self) -> str:
        """The first page without the filter by state."""
        return self._url(state="")

    @property
    def state_url_prefix(self) -> str:
        """The first page with another state, to which the template appends the name of its group."""
        return _with_parameter(self._url(state=""), "state")

    @property
    def older_url_prefix(self) -> str:
        """The next page, to which the template appends its cursor."""
        return _with_parameter(self._url(), "before")

    @property
    def refreshing_url(self) -> str:
        """This page, reloading itself every 5 seconds without scripts."""
        return _with_parameter(self._url(before=self.before), "refresh") + "5"

    @cached_property
    def states(self) -> tuple[str, ...]:
        """The states of the chosen group."""
        return tuple(_GROUPS[self.state].states) if self.state else ()

    def apply(self, generations: QuerySet[Generation]) -> QuerySet[Generation]:
        """Return the generations that match all filters except the one by state."""
        if self.model:
            generations = generations.filter(model__in=_model_ids(self.model))
        for word in self.q.split():
            generations = generations.filter(_prompt_contains(word))
        if self.before:
            generations = generations.filter(_older_than(self.before))
        return generations

    def _url(self, **changes: str) -> str:
        values = {"state": self.state, "model": self.model, "q": self.q} | changes
        query = urlencode({name: value for name, value in values.items() if value})
        return f"/?{query}" if query else "/"


def _with_parameter(url: str, name: str) -> str:
    return f"{url}{'&' if '?' in url else '?'}{name}="


def _model_ids(name: str) -> list[int]:
    try:
        return catalog.model_ids_by_name(name)
    except ModelNotFound:
        return []


def _prompt_contains(word: str) -> Q:
    """Match prompts that contain a word in any case. SQLite ignores case for ASCII only, so try each case."""
    variants = {word} if word.isascii() else {word, word.lower(), word.upper(), word.capitalize()}
    condition = Q()
    for variant in variants:
        condition |= Q(submission__prompt__icontains=variant)
    return condition


def _older_than(cursor: str) -> Q:
    try:
        enqueued_at, generation_id = parse_sort_key(cursor)
    except (OverflowError, ValueError):
        return Q()
    # The first condition follows from the second; it lets the database search an index.
    return Q(enqueued_at__lte=enqueued_at) & (Q(enqueued_at__lt=enqueued_at) | Q(id__lt=generation_id))
