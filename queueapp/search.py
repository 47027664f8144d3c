"""Looking for what may have been made although the answer to its POST was lost.

The hub's list echoes parameters and time of enqueue. What is found is adopted; what is not found by looks
that go on until the POST can no longer be on its way ends with the truth: nothing was made, where the
hub's rows persist, and nobody knows, elsewhere. It is never posted again by itself.
"""

from collections.abc import Sequence
from datetime import timedelta
from itertools import groupby
from typing import Any

from django.utils import timezone

from queueapp.errors import DroverError
from queueapp.models import Connection, Generation
from queueapp.rounds import Round
from queueapp.services import elsewhere, endings, inputs, sending, watching
from queueapp.states import State
from queueapp.upstream import ENDINGS, Claim, Revision, Row, Unclear, adopt
from queueapp.upstream.matching import LATE

#: Seconds between looks; the last one counts from then on. The later ones are further apart than any
#: answer is waited for.
PAUSES = (2.0, 4.0, 8.0, 16.0, 30.0)
#: Times that one list is asked for again in a look.
TRIES = 3
#: No verdict before the POST has been given up for so many seconds, on whatever line it may still be.
SURELY = timedelta(seconds=LATE + 15.0)


def look(round_: Round) -> None:
    """Look for the uncertain ones, model by model, where one of them is due."""
    uncertain = list(
        Generation.objects.at_work()
        .filter(connection=round_.connection, state=State.UNCERTAIN)
        .select_related("submission", "model")
        .order_by("model_id", "submission_id", "posted_at", "ordinal")
    )
    for _, same in groupby(uncertain, key=lambda one: one.model_id):
        of_model = list(same)
        now = timezone.now()
        due = [
            one for one in of_model if one.next_check_at is None or one.next_check_at <= now + watching.GRAIN
        ]
        if due and not round_.over:
            # Put off first: a list that cannot be had must not stand before the others in the next round.
            watching.look_later(due, now, PAUSES[0])
            with round_.spared():
                _look_for(round_, of_model, due)


def _look_for(round_: Round, of_model: list[Generation], due: list[Generation]) -> None:
    """One look at everything the hub tells of a model: what is going and, where rows persist, what ended.

    Only a look that saw all of it counts for those it did not find.
    """
    model = of_model[0].model.name
    found: set[Any] = set()
    persist = round_.client.revision is Revision.CURRENT
    for status in (None, *sorted(ENDINGS)) if persist else (None,):
        rows = _listed(round_, model, status)
        left = [one for one in of_model if one.pk not in found]
        found |= _adopt(round_.connection, left, rows)
    for one in due:
        if one.pk not in found:
            _not_found(one, persist=persist)


def _listed(round_: Round, model: str, status: str | None) -> list[Row]:
    """A list, asked for again at once where the answer makes no sense: a look takes several."""
    for _ in range(TRIES):
        try:
            rows = list(round_.client.listing(model, status=status).rows)
        except Unclear:
            if round_.over:
                raise
        else:
            round_.went_well()
            return rows
    return list(round_.client.listing(model, status=status).rows)


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
    submission = first.submission
    try:
        params = inputs.restore(submission.params, connection, asked_at=submission.created_at)
    except DroverError:
        params = submission.params
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
