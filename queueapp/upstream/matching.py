"""Find the rows in a hub's list that may come from POSTs whose responses were lost.

The protocol has no idempotency key. The list echoes the submitted parameters and `enqueued_at`, and
nothing else connects a row with a POST.
"""

from collections import Counter, deque
from collections.abc import Collection, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

from queueapp.upstream.echoed_params import Match, comparable_params, compare_params
from queueapp.upstream.messages import Row

#: Seconds by which a measured clock offset may be wrong: `Date` has whole seconds.
CLOCK_TOLERANCE = 3.0
#: Seconds by which the clocks may differ if the offset was never measured.
UNKNOWN_CLOCK_TOLERANCE = 300.0
#: Seconds after our timeout within which a delayed request may still arrive at the hub.
MAX_LATE_ARRIVAL = 60.0


@dataclass(frozen=True, slots=True)
class LostPost:
    """One POST whose response was lost: a request for `count` generations of a model.

    `posted_from` and `posted_to` are the times of the POST and of its timeout by our clock. `known` are
    ids that belong to somebody else: the hub listed them before the POST.
    """

    id: Hashable
    model: str
    params: Mapping[str, Any] = field(hash=False)
    count: int
    posted_from: datetime
    posted_to: datetime
    known: frozenset[str] = frozenset()


class _Candidate(NamedTuple):
    """A row that may come from a POST. `distance` is in seconds. The best candidate sorts first."""

    is_loose: bool
    distance: float
    row_id: str


def match_rows(
    posts: Sequence[LostPost],
    rows: Iterable[Row],
    *,
    clock_offset: float | None,
    taken: Collection[str] = (),
) -> dict[Hashable, tuple[Row, ...]]:
    """Return for each POST's id the rows that may be its generations.

    A POST gets at most `count` rows, and no row is used twice. `clock_offset` is the hub's clock minus
    ours in seconds, None if it was never measured. `taken` are the ids of rows that belong to other
    generations.

    Rows with an exact echo are preferred, then rows close to the time of the POST, and as many rows as
    possible are assigned. If somebody else submitted exactly the same at the same time, the rows cannot be
    distinguished.
    """
    available = {row.id: row for row in rows if row.id not in taken}
    candidates = [_find_candidates(post, available.values(), clock_offset) for post in posts]
    exact = [[c.row_id for c in rows_of_post if not c.is_loose] for rows_of_post in candidates]
    exact_or_loose = [[c.row_id for c in rows_of_post] for rows_of_post in candidates]
    assigned: dict[str, int] = {}
    for edges in (exact, exact_or_loose):
        _extend_matching(assigned, edges, [post.count for post in posts])
    return {
        post.id: tuple(available[row_id] for row_id in exact_or_loose[index] if assigned.get(row_id) == index)
        for index, post in enumerate(posts)
    }


def _extend_matching(
    assigned: dict[str, int], edges: Sequence[Sequence[str]], capacities: Sequence[int]
) -> None:
    """Extend a bipartite matching of rows to posts to a maximum one, along augmenting paths.

    `assigned` maps a row's id to a post's index. `edges` are each post's possible rows, and `capacities`
    the most rows that each can have.
    """
    sizes = Counter(assigned.values())
    for index, capacity in enumerate(capacities):
        while sizes[index] < capacity and _augment(assigned, edges, index):
            sizes[index] += 1


def _augment(assigned: dict[str, int], edges: Sequence[Sequence[str]], start: int) -> bool:
    """Assign one more row to the post `start`. Return False if there is no augmenting path.

    A breadth-first search looks for a free row. On the path to it, each post gives its row to the post
    before and gets the next row of the path instead, so no other post loses a row.
    """
    reached_by: dict[str, int] = {}
    gives_up: dict[int, str] = {}
    queue = deque([start])
    while queue:
        post = queue.popleft()
        for row_id in edges[post]:
            if row_id in reached_by:
                continue
            reached_by[row_id] = post
            owner = assigned.get(row_id)
            if owner is None:
                _reassign_path(assigned, reached_by, gives_up, start, row_id)
                return True
            if owner != start and owner not in gives_up:
                gives_up[owner] = row_id
                queue.append(owner)
    return False


def _reassign_path(
    assigned: dict[str, int], reached_by: dict[str, int], gives_up: dict[int, str], start: int, row_id: str
) -> None:
    """Flip the augmenting path that ends at a free row: each post on it gets the row that it reached."""
    while (post := reached_by[row_id]) != start:
        assigned[row_id] = post
        row_id = gives_up[post]
    assigned[row_id] = start


def is_in_time(post: LostPost, row: Row, *, clock_offset: float | None) -> bool:
    """Return whether a row's time of enqueue allows that it comes from a POST.

    A row without a time may come from any POST that did not list it before.
    """
    if row.id in post.known:
        return False
    return row.enqueued_at is None or _time_distance(post, row.enqueued_at, clock_offset) is not None


def _time_distance(post: LostPost, enqueued_at: datetime, clock_offset: float | None) -> float | None:
    """Return the seconds between a POST and a row's enqueue, or None if they are too far apart."""
    tolerance = UNKNOWN_CLOCK_TOLERANCE if clock_offset is None else CLOCK_TOLERANCE
    enqueued = enqueued_at.timestamp() - (clock_offset or 0.0)
    before = post.posted_from.timestamp() - enqueued
    after = enqueued - post.posted_to.timestamp()
    if before > tolerance or after > tolerance + MAX_LATE_ARRIVAL:
        return None
    return max(before, after, 0.0)


def _find_candidates(post: LostPost, rows: Iterable[Row], clock_offset: float | None) -> list[_Candidate]:
    """Return the rows that may come from a POST, the best first."""
    candidates = []
    submitted = comparable_params(post.params)
    for row in rows:
        if row.model != post.model or row.id in post.known or row.enqueued_at is None:
            continue
        distance = _time_distance(post, row.enqueued_at, clock_offset)
        if distance is not None and (match := compare_params(submitted, row.params)):
            candidates.append(_Candidate(match is not Match.EXACT, distance, row.id))
    return sorted(candidates)
