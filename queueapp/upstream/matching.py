"""After a lost answer: which of the hub's rows may be the generations that were asked for.

There is no idempotency key; the list echoes the submitted parameters and `enqueued_at`, and that is all
there is to go by. Pure: rows in, adoptions out.
"""

from collections import deque
from collections.abc import Collection, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import IntEnum
from typing import Any

from queueapp.upstream.messages import SYSTEM_FIELDS, Row
from queueapp.upstream.parsing import ELLIPSIS, Redactor, truncate

#: Seconds that a measured clock difference may be wrong by: `Date` has whole seconds.
CLOCK_TOLERANCE = 3.0
#: Seconds that an unmeasured one may be wrong by.
UNKNOWN_CLOCK_TOLERANCE = 300.0
#: Seconds after we gave up during which the request may still have reached the hub from a line on the way.
MAX_LATE_ARRIVAL = 60.0

_NOT_THE_MODELS = SYSTEM_FIELDS | {"id"}


@dataclass(frozen=True, slots=True)
class LostPost:
    """One POST whose answer was lost: `count` generations of a model, posted and given up at these times
    of our own clock. `known` are the hub's ids that were there before, or are anybody's already."""

    id: Hashable
    model: str
    params: Mapping[str, Any] = field(hash=False)
    count: int
    posted_from: datetime
    posted_to: datetime
    known: frozenset[str] = frozenset()


class Match(IntEnum):
    """How well an echo fits what was submitted."""

    NONE = 0
    LOOSE = 1  # Differs as echoes do: numbers as strings, a `data:` body cut or stored under a link.
    EXACT = 2


def match_rows(
    claims: Sequence[LostPost],
    rows: Iterable[Row],
    *,
    clock_offset: float | None,
    taken: Collection[str] = (),
    slack: float = CLOCK_TOLERANCE,
    late: float = MAX_LATE_ARRIVAL,
) -> dict[Hashable, tuple[Row, ...]]:
    """For each claim, the rows that may be its generations: at most `count`, and no row twice.

    `clock_offset` is the hub's clock minus ours in seconds, None when it was never measured; `taken`
    are ids that belong to somebody already. As many claims as possible get rows; exact echoes go before
    loose ones, rows near the time of posting before others. Rows of other people who asked for exactly the
    same in the same seconds cannot be told apart from ours.
    """
    offered = {row.id: row for row in rows if row.id not in taken}
    exact, loose = [], []
    for claim in claims:
        fits = _matching_rows(claim, offered.values(), clock_offset, slack, late)
        exact.append([row for likeness, row in fits if likeness is Match.EXACT])
        loose.append([row for _, row in fits])
    owner: dict[str, int] = {}
    held = [0] * len(claims)
    for edges in (exact, loose):
        for index, claim in enumerate(claims):
            while held[index] < claim.count and _augment_path(index, edges, owner):
                held[index] += 1
    return {
        claim.id: tuple(offered[row] for row in loose[index] if owner.get(row) == index)
        for index, claim in enumerate(claims)
    }


def _augment_path(start: int, edges: Sequence[Sequence[str]], owner: dict[str, int]) -> bool:
    """Give claim `start` one more row, moving rows between the others where that frees one (an augmenting
    path, so that no claim goes without while another choice would have served all)."""
    reached: dict[str, int] = {}
    gives_up: dict[int, str] = {}
    line = deque([start])
    while line:
        claim = line.popleft()
        for row in edges[claim]:
            if row in reached:
                continue
            reached[row] = claim
            holder = owner.get(row)
            if holder is None:
                _reassign(row, start, reached, gives_up, owner)
                return True
            if holder != start and holder not in gives_up:
                gives_up[holder] = row
                line.append(holder)
    return False


def _reassign(
    row: str, start: int, reached: dict[str, int], gives_up: dict[int, str], owner: dict[str, int]
) -> None:
    while (taker := reached[row]) != start:
        owner[row] = taker
        row = gives_up[taker]
    owner[row] = start


def is_in_time(
    claim: LostPost,
    row: Row,
    *,
    clock_offset: float | None,
    slack: float = CLOCK_TOLERANCE,
    late: float = MAX_LATE_ARRIVAL,
) -> bool:
    """Whether a row's time of enqueue allows it to be the claim's; one without a time may be anything."""
    if row.id in claim.known:
        return False
    return (
        row.enqueued_at is None
        or _time_distance(claim, row.enqueued_at, clock_offset, slack, late) is not None
    )


def _time_distance(
    claim: LostPost, enqueued_at: datetime, difference: float | None, slack: float, late: float
) -> float | None:
    """Seconds between a row's enqueue and the claim's POST, None where they are too far apart."""
    give = slack if difference is not None else max(slack, UNKNOWN_CLOCK_TOLERANCE)
    at = enqueued_at.timestamp() - (difference or 0.0)
    early, after = claim.posted_from.timestamp() - at, at - claim.posted_to.timestamp()
    return None if early > give or after > give + late else max(early, after, 0.0)


def _matching_rows(
    claim: LostPost, rows: Iterable[Row], difference: float | None, slack: float, late: float
) -> list[tuple[Match, str]]:
    """The ids of the rows that may be the claim's, best first."""
    found = []
    submitted = comparable_params(claim.params)
    for row in rows:
        if row.model != claim.model or row.id in claim.known or row.enqueued_at is None:
            continue
        away = _time_distance(claim, row.enqueued_at, difference, slack, late)
        if away is not None and (likeness := compare_params(submitted, row.params)):
            found.append((-likeness, away, row.id, likeness))
    return [(likeness, row_id) for _, _, row_id, likeness in sorted(found)]


_redact = Redactor()


def comparable_params(params: Mapping[str, Any]) -> dict[str, Any]:
    """As much of submitted parameters as finding them again takes: cut as an echo is, without the bodies of
    inputs and without what a system field would have covered up."""
    kept = {name: value for name, value in params.items() if name not in _NOT_THE_MODELS}
    cut: dict[str, Any] = truncate(kept, _redact)
    return cut


def compare_params(submitted: Mapping[str, Any], echoed: Mapping[str, Any]) -> Match:
    """How well an echo fits: everything submitted is in it, and it asks for nothing else.

    A hub may add settings of its own; it does not add words or inputs.
    """
    likeness = min(
        (_compare_values(value, echoed.get(name)) for name, value in submitted.items()), default=Match.EXACT
    )
    for name in echoed.keys() - submitted.keys() - _NOT_THE_MODELS:
        if echoed[name] is not None:
            likeness = min(likeness, Match.NONE if _is_request_param(name, echoed[name]) else Match.LOOSE)
    return likeness


def _is_request_param(name: str, value: Any) -> bool:
    return name.endswith("prompt") or (
        isinstance(value, str) and value.lower().startswith(("data:", "http:", "https:"))
    )


def _compare_values(mine: Any, theirs: Any) -> Match:
    if isinstance(mine, dict) and isinstance(theirs, dict):
        return compare_params(mine, theirs)
    if isinstance(mine, list) and isinstance(theirs, list):
        if len(mine) != len(theirs):
            return Match.NONE
        return min(map(_compare_values, mine, theirs), default=Match.EXACT)
    if type(mine) is type(theirs) and mine == theirs:
        return Match.EXACT
    if theirs is None:
        return _loose_match(mine in ("", [], {}))
    if isinstance(mine, str) and isinstance(theirs, str):
        return _compare_texts(mine, theirs)
    if isinstance(mine, bool) or isinstance(theirs, bool):
        return _loose_match(str(mine).lower() == str(theirs).lower())
    if isinstance(mine, int | float) and isinstance(theirs, int | float):
        return Match.EXACT if mine == theirs else Match.NONE
    if isinstance(mine, int | float | str) and isinstance(theirs, int | float | str):
        return _loose_match(_is_same_number(mine, theirs))
    return Match.NONE


def _compare_texts(mine: str, theirs: str) -> Match:
    if mine.lower().startswith("data:"):
        if not theirs.lower().startswith("data:"):
            return Match.LOOSE  # Hubs keep an input elsewhere and echo where, or that there was one.
        shorter = min(len(mine.rstrip(ELLIPSIS)), len(theirs.rstrip(f"{ELLIPSIS}. ")))
        return _loose_match(mine[:shorter] == theirs[:shorter])
    stem = theirs.rstrip(f"{ELLIPSIS}. ")
    if stem != theirs and len(stem) >= 40 and mine.startswith(stem):
        return Match.LOOSE  # An echo that the hub cut.
    return _loose_match(mine.strip() == theirs.strip() or _is_same_number(mine, theirs))


def _loose_match(alike_enough: bool) -> Match:
    return Match.LOOSE if alike_enough else Match.NONE


def _is_same_number(mine: float | str, theirs: float | str) -> bool:
    try:
        return float(mine) == float(theirs)
    except (ValueError, OverflowError):
        return False
