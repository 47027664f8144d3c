"""Looking for what may have been made although the answer to its POST was lost.

The hub's list echoes parameters and time of enqueue. What is found is adopted; what is not found by looks
that go on until the POST can no longer be on its way ends with the truth: nothing was made, where the
hub's rows persist, and nobody knows, elsewhere. It is never posted again by itself.
"""

from collections.abc import Iterable, Sequence
from datetime import timedelta
from itertools import groupby
from typing import Any

from django.utils import timezone

from queueapp.errors import DroverError
from queueapp.models import Connection, Generation
from queueapp.rounds import Round
from queueapp.services import elsewhere, endings, inputs, sending, watching
from queueapp.states import State
from queueapp.upstream import ENDINGS, Claim, Client, Revision, Row, adopt
from queueapp.upstream.matching import LATE

#: Seconds between looks; the last one counts from then on. The later ones are further apart than any
#: answer is waited for.
PAUSES = (2.0, 4.0, 8.0, 16.0, 30.0)
#: No verdict before the POST has been given up for so many seconds, on whatever line it may still be.
SURELY = timedelta(seconds=LATE + 15.0)


def look(round_: Round) -> None:
    """Look for the uncertain ones if one of them is due; trouble on the way makes it no look."""
    uncertain = list(
        Generation.objects.at_work()
        .filter(connection=round_.connection, state=State.UNCERTAIN)
        .select_related("submission", "model")
        .order_by("submission_id", "posted_at", "ordinal")
    )
    now = timezone.now()
    due = [one for one in uncertain if one.next_check_at is None or one.next_check_at <= now + watching.GRAIN]
    if not due:
        return
    watching.look_later(due, now, PAUSES[1])
    with round_.spared():
        rows = _rows(round_.client, {one.model.name for one in uncertain})
        round_.went_well()
        found = _adopt(round_.connection, uncertain, rows)
        for one in due:
            if one.pk not in found:
                _not_found(one, persist=round_.client.revision is Revision.CURRENT)


def _rows(client: Client, models: Iterable[str]) -> list[Row]:
    """Everything the hub tells of these models: what is going and, where rows persist, what has ended."""
    rows: list[Row] = []
    for model in sorted(models):
        rows += client.listing(model).rows
        if client.revision is Revision.CURRENT:
            for ending in sorted(ENDINGS):
                rows += client.listing(model, status=ending).rows
    return rows


def _adopt(connection: Connection, uncertain: Sequence[Generation], rows: list[Row]) -> set[Any]:
    """Give the rows that fit to the generations; the ids of those that got one."""
    posts = groupby(uncertain, key=lambda one: (one.submission_id, one.posted_at))
    batches: dict[Any, list[Generation]] = {post: list(same) for post, same in posts}
    claims = [_claim(connection, key, batch) for key, batch in batches.items()]
    names = [row.id for row in rows]
    held = Generation.objects.filter(connection=connection, upstream_id__in=names)
    taken = set(held.values_list("upstream_id", flat=True))
    adopted = set()
    for key, fitting in adopt(claims, rows, clock_difference=connection.clock_ahead, taken=taken).items():
        for one, row in zip(batches[key], fitting, strict=False):
            if sending.adopt(one, row.id, "Found in the hub's list."):
                adopted.add(one.pk)
                if row.ended:
                    endings.by_row(one, row)
    return adopted


def _claim(connection: Connection, key: Any, batch: Sequence[Generation]) -> Claim:
    first = batch[0]
    posted = first.posted_at or first.released_at or first.enqueued_at
    try:
        params = inputs.restore(first.submission.params, connection)
    except DroverError:
        params = first.submission.params
    return Claim(
        id=key,
        model=first.model.name,
        params=params,
        count=len(batch),
        posted_from=posted,
        posted_to=first.answered_at or timezone.now(),
        known=elsewhere.seen_before(connection, posted),
    )


def _not_found(generation: Generation, *, persist: bool) -> None:
    now = timezone.now()
    given_up = generation.answered_at or now
    if generation.looks + 1 >= len(PAUSES) and now >= given_up + SURELY:
        endings.never_found(generation, rows_persist=persist)
        return
    pause = PAUSES[min(generation.looks, len(PAUSES) - 1)]
    watching.look_again(generation, now, pause, looks=generation.looks + 1)
