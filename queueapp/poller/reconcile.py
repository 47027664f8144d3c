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
from queueapp.poller.visit import HUB_WIDE_ERRORS, Visit
from queueapp.services import inputs
from queueapp.services.hubs.namespaces import connections_to, get_hub_namespace
from queueapp.services.lifecycle import foreign, outcomes, poll_schedule, submitting
from queueapp.states import State
from queueapp.upstream.echoed_params import comparable_params
from queueapp.upstream.errors import AmbiguousResponse, UpstreamError
from queueapp.upstream.matching import MAX_LATE_ARRIVAL, LostPost, is_in_time, match_rows
from queueapp.upstream.messages import END_STATES, Revision, Row

#: Seconds between looks; the last one counts from then on. The later ones are further apart than any
#: answer is waited for.
RETRY_DELAYS = (2.0, 4.0, 8.0, 16.0, 30.0)
#: Times that one list is asked for again in a look.
MAX_LIST_ATTEMPTS = 3
#: No verdict before the POST has been given up for so many seconds, on whatever line it may still be.
MIN_SEARCH_TIME = timedelta(seconds=MAX_LATE_ARRIVAL + 15.0)
#: A search that could not see a whole list for so long ends without one.
MAX_SEARCH_TIME = timedelta(minutes=30)


@dataclass(frozen=True, slots=True)
class UncertainPost:
    """One POST whose answer was lost, and what was sent with it."""

    batch: Sequence[Generation]
    lease_token: LostPost


def reconcile(visit: Visit) -> None:
    """Look for the uncertain ones, model by model, where one of them is due."""
    now = timezone.now()
    uncertain = Generation.objects.in_flight().filter(connection=visit.connection, state=State.UNCERTAIN)
    wanted = set(uncertain.filter(poll_schedule.is_due(now)).values_list("pk", flat=True))
    if not wanted:
        return
    in_order = uncertain.order_by("model_id", "submission_id", "posted_at", "ordinal")
    for _, same in groupby(in_order.select_related("submission", "model"), key=lambda one: one.model_id):
        of_model = list(same)
        due = [one for one in of_model if one.pk in wanted]
        if due and not visit.out_of_time:
            # Put off first: a list that cannot be had must not stand before the others in the next round.
            poll_schedule.postpone(due, now, RETRY_DELAYS[0])
            with visit.continue_on_error():
                _reconcile_model(visit, of_model, due)


def _reconcile_model(visit: Visit, of_model: list[Generation], due: list[Generation]) -> None:
    """One look at everything the hub tells of a model: what is going and, where rows persist, what ended.

    Only a look that saw all of it counts for those it did not find.
    """
    posts = _group_by_post(visit.connection, of_model)
    rows: dict[str, Row] = {}
    persist = visit.client.revision is Revision.CURRENT
    try:
        for status in (None, *sorted(END_STATES)) if persist else (None,):
            listed = _list_generations(visit, of_model[0].model.name, status)
            rows |= {row.id: row for row in listed}
            _assign_matches(visit.connection, posts, listed)
    except UpstreamError as error:
        for one in due if not isinstance(error, HUB_WIDE_ERRORS) else ():
            _give_up_without_list(one)
        raise
    nobodys = _unassigned_rows(visit.connection, rows.values()) if persist else []
    for one in due:
        if not one.upstream_id:
            _handle_not_found(
                one,
                nothing_made=persist and not _may_be_unassigned_row(visit.connection, one, posts, nobodys),
            )


def _list_generations(visit: Visit, model: str, status: str | None) -> list[Row]:
    """A list, asked for again at once where the answer makes no sense: a look takes several."""
    for _ in range(MAX_LIST_ATTEMPTS):
        try:
            rows = list(visit.client.list_generations(model, status=status).rows)
        except AmbiguousResponse:
            if visit.out_of_time:
                raise
        else:
            visit.list_succeeded()
            return rows
    return list(visit.client.list_generations(model, status=status).rows)


def _group_by_post(connection: Connection, uncertain: Sequence[Generation]) -> list[UncertainPost]:
    """The POSTs that these were sent with."""
    batches = groupby(uncertain, key=lambda one: (one.submission_id, one.posted_at))
    found = []
    for place, (_, same) in enumerate(batches):
        batch = list(same)
        found.append(UncertainPost(batch, _to_lost_post(connection, place, batch)))
    return found


def _to_lost_post(connection: Connection, place: int, batch: Sequence[Generation]) -> LostPost:
    first = batch[0]
    posted = first.posted_at or first.released_at or first.enqueued_at
    submission = first.submission
    try:
        params = inputs.resolve_references(submission.params, connection, asked_at=submission.created_at)
    except (DroverError, OSError):
        params = submission.params
    return LostPost(
        id=place,
        model=first.model.name,
        params=comparable_params(params),
        count=len(batch),
        posted_from=posted,
        posted_to=first.answered_at or timezone.now(),
        known=foreign.known_before(connection, posted),
    )


def _assign_matches(connection: Connection, posts: Sequence[UncertainPost], rows: list[Row]) -> None:
    """Give the rows that fit to the generations that have none yet."""
    left = {post.lease_token.id: [one for one in post.batch if not one.upstream_id] for post in posts}
    claims = [
        replace(post.lease_token, count=len(left[post.lease_token.id]))
        for post in posts
        if left[post.lease_token.id]
    ]
    ahead = connection.clock_offset
    for place, fitting in match_rows(
        claims, rows, clock_offset=ahead, taken=_assigned_ids(connection, rows)
    ).items():
        for one, row in zip(left[place], fitting, strict=False):
            if submitting.assign_upstream_id(one, row.id, "Found in the hub's list.") and outcomes.has_ended(
                one, row
            ):
                outcomes.end_by_row(one, row)


def _assigned_ids(connection: Connection, rows: Iterable[Row]) -> set[str]:
    """The rows that are somebody's here, be it by another connection to the same place."""
    names = [row.id for row in rows]
    held = Generation.objects.filter(
        connection__in=connections_to(get_hub_namespace(connection)), upstream_id__in=names
    )
    return set(held.values_list("upstream_id", flat=True))


def _unassigned_rows(connection: Connection, rows: Iterable[Row]) -> list[Row]:
    """The rows that are nobody's here."""
    rows = list(rows)
    taken = _assigned_ids(connection, rows)
    return [row for row in rows if row.id not in taken]


def _may_be_unassigned_row(
    connection: Connection, generation: Generation, posts: Sequence[UncertainPost], nobodys: Sequence[Row]
) -> bool:
    """Whether the hub made something at the time that is nobody's, and may be this one in other words: a
    hub may echo parameters changed, cut, or not at all."""
    claim = next(post.lease_token for post in posts if generation in post.batch)
    return any(is_in_time(claim, row, clock_offset=connection.clock_offset) for row in nobodys)


def _give_up_without_list(generation: Generation) -> None:
    """Lists that cannot be had for so long tell nothing, and never will: nobody knows."""
    if generation.answered_at and timezone.now() > generation.answered_at + MAX_SEARCH_TIME:
        outcomes.end_unreconciled(generation, nothing_made=False)


def _handle_not_found(generation: Generation, *, nothing_made: bool) -> None:
    now = timezone.now()
    given_up = generation.answered_at or now
    if generation.missing_polls + 1 >= len(RETRY_DELAYS) and now >= given_up + MIN_SEARCH_TIME:
        outcomes.end_unreconciled(generation, nothing_made=nothing_made)
        return
    pause = RETRY_DELAYS[min(generation.missing_polls, len(RETRY_DELAYS) - 1)]
    poll_schedule.poll_again(generation, now, pause, missing_polls=generation.missing_polls + 1)
