"""Looking for what may have been made although the answer to its POST was lost.

The hub's list echoes parameters and time of enqueue. What is found is adopted; what is not found by looks
that go on until the POST can no longer be on its way ends with the truth: nothing was made, where the
hub's rows persist, and nobody knows, elsewhere. It is never posted again by itself.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from itertools import groupby

from django.utils import timezone

from queueapp.errors import DroverError
from queueapp.models import Connection, Generation
from queueapp.rounds import WHOLE, Round
from queueapp.services import elsewhere, endings, inputs, sending, watching
from queueapp.services.places import at, place_of
from queueapp.states import State
from queueapp.upstream import ENDINGS, Claim, Revision, Row, Unclear, UpstreamError, adopt, remembered
from queueapp.upstream.matching import LATE, in_time

#: Seconds between looks; the last one counts from then on. The later ones are further apart than any
#: answer is waited for.
PAUSES = (2.0, 4.0, 8.0, 16.0, 30.0)
#: Times that one list is asked for again in a look.
TRIES = 3
#: No verdict before the POST has been given up for so many seconds, on whatever line it may still be.
SURELY = timedelta(seconds=LATE + 15.0)
#: A search that could not see a whole list for so long ends without one.
BLIND = timedelta(minutes=30)


@dataclass(frozen=True, slots=True)
class Post:
    """One POST whose answer was lost, and what was sent with it."""

    batch: Sequence[Generation]
    claim: Claim


def look(round_: Round) -> None:
    """Look for the uncertain ones, model by model, where one of them is due."""
    now = timezone.now()
    uncertain = Generation.objects.at_work().filter(connection=round_.connection, state=State.UNCERTAIN)
    wanted = set(uncertain.filter(watching.due(now)).values_list("pk", flat=True))
    if not wanted:
        return
    in_order = uncertain.order_by("model_id", "submission_id", "posted_at", "ordinal")
    for _, same in groupby(in_order.select_related("submission", "model"), key=lambda one: one.model_id):
        of_model = list(same)
        due = [one for one in of_model if one.pk in wanted]
        if due and not round_.over:
            # Put off first: a list that cannot be had must not stand before the others in the next round.
            watching.look_later(due, now, PAUSES[0])
            with round_.spared():
                _look_for(round_, of_model, due)


def _look_for(round_: Round, of_model: list[Generation], due: list[Generation]) -> None:
    """One look at everything the hub tells of a model: what is going and, where rows persist, what ended.

    Only a look that saw all of it counts for those it did not find.
    """
    posts = _posts(round_.connection, of_model)
    rows: dict[str, Row] = {}
    persist = round_.client.revision is Revision.CURRENT
    try:
        for status in (None, *sorted(ENDINGS)) if persist else (None,):
            listed = _listed(round_, of_model[0].model.name, status)
            rows |= {row.id: row for row in listed}
            _adopt(round_.connection, posts, listed)
    except UpstreamError as error:
        for one in due if not isinstance(error, WHOLE) else ():
            _give_up_blind(one)
        raise
    nobodys = _nobodys(round_.connection, rows.values()) if persist else []
    for one in due:
        if not one.upstream_id:
            _not_found(one, nothing_made=persist and not _unexplained(round_.connection, one, posts, nobodys))


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


def _posts(connection: Connection, uncertain: Sequence[Generation]) -> list[Post]:
    """The POSTs that these were sent with."""
    batches = groupby(uncertain, key=lambda one: (one.submission_id, one.posted_at))
    found = []
    for place, (_, same) in enumerate(batches):
        batch = list(same)
        found.append(Post(batch, _claim(connection, place, batch)))
    return found


def _claim(connection: Connection, place: int, batch: Sequence[Generation]) -> Claim:
    first = batch[0]
    posted = first.posted_at or first.released_at or first.enqueued_at
    submission = first.submission
    try:
        params = inputs.restore(submission.params, connection, asked_at=submission.created_at)
    except (DroverError, OSError):
        params = submission.params
    return Claim(
        id=place,
        model=first.model.name,
        params=remembered(params),
        count=len(batch),
        posted_from=posted,
        posted_to=first.answered_at or timezone.now(),
        known=elsewhere.seen_before(connection, posted),
    )


def _adopt(connection: Connection, posts: Sequence[Post], rows: list[Row]) -> None:
    """Give the rows that fit to the generations that have none yet."""
    left = {post.claim.id: [one for one in post.batch if not one.upstream_id] for post in posts}
    claims = [replace(post.claim, count=len(left[post.claim.id])) for post in posts if left[post.claim.id]]
    ahead = connection.clock_ahead
    for place, fitting in adopt(claims, rows, clock_difference=ahead, taken=_taken(connection, rows)).items():
        for one, row in zip(left[place], fitting, strict=False):
            if sending.adopt(one, row.id, "Found in the hub's list.") and endings.is_over(one, row):
                endings.by_row(one, row)


def _taken(connection: Connection, rows: Iterable[Row]) -> set[str]:
    """The rows that are somebody's here, be it by another connection to the same place."""
    names = [row.id for row in rows]
    held = Generation.objects.filter(connection__in=at(place_of(connection)), upstream_id__in=names)
    return set(held.values_list("upstream_id", flat=True))


def _nobodys(connection: Connection, rows: Iterable[Row]) -> list[Row]:
    """The rows that are nobody's here."""
    rows = list(rows)
    taken = _taken(connection, rows)
    return [row for row in rows if row.id not in taken]


def _unexplained(
    connection: Connection, generation: Generation, posts: Sequence[Post], nobodys: Sequence[Row]
) -> bool:
    """Whether the hub made something at the time that is nobody's, and may be this one in other words: a
    hub may echo parameters changed, cut, or not at all."""
    claim = next(post.claim for post in posts if generation in post.batch)
    return any(in_time(claim, row, clock_difference=connection.clock_ahead) for row in nobodys)


def _give_up_blind(generation: Generation) -> None:
    """Lists that cannot be had for so long tell nothing, and never will: nobody knows."""
    if generation.answered_at and timezone.now() > generation.answered_at + BLIND:
        endings.never_found(generation, nothing_made=False)


def _not_found(generation: Generation, *, nothing_made: bool) -> None:
    now = timezone.now()
    given_up = generation.answered_at or now
    if generation.looks + 1 >= len(PAUSES) and now >= given_up + SURELY:
        endings.never_found(generation, nothing_made=nothing_made)
        return
    pause = PAUSES[min(generation.looks, len(PAUSES) - 1)]
    watching.look_again(generation, now, pause, looks=generation.looks + 1)
