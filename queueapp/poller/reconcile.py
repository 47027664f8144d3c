"""Search the hub for generations whose POST was never answered.

The hub's list echoes the parameters and the enqueue time of each generation. A row that matches becomes
the generation's. If the searches have found none by the time the POST can no longer be on its way, the
generation ends: as never made if the hub keeps its rows, else as lost. Nothing is posted again.
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
from queueapp.services.lifecycle import foreign, outcomes, poll_schedule, submitting
from queueapp.states import State
from queueapp.upstream.echoed_params import comparable_params
from queueapp.upstream.errors import AmbiguousResponse, UpstreamError
from queueapp.upstream.matching import MAX_LATE_ARRIVAL, LostPost, is_in_time, match_rows
from queueapp.upstream.messages import END_STATES, Revision, Row

#: Seconds between searches; the last value repeats. It is longer than any response is waited for.
RETRY_DELAYS = (2.0, 4.0, 8.0, 16.0, 30.0)
#: Retries of one list within a search: a search needs several lists, and all of them complete.
MAX_LIST_RETRIES = 3
#: The search goes on for this long after the POST was given up, because the POST may still arrive.
MIN_SEARCH_TIME = timedelta(seconds=MAX_LATE_ARRIVAL + 15.0)
#: A search without a complete list ends after this long.
MAX_SEARCH_TIME = timedelta(minutes=30)


@dataclass(frozen=True, slots=True)
class UncertainPost:
    """A POST that was never answered: its generations, and the search for their rows."""

    query: LostPost
    generations: Sequence[Generation]


def reconcile(visit: Visit) -> None:
    """Search for the uncertain generations of each model that has one due."""
    now = timezone.now()
    uncertain = Generation.objects.in_flight().filter(connection=visit.connection, state=State.UNCERTAIN)
    due_ids = set(uncertain.filter(poll_schedule.is_due(now)).values_list("pk", flat=True))
    if not due_ids:
        return
    in_order = uncertain.order_by("model_id", "submission_id", "posted_at", "ordinal")
    by_model = groupby(
        in_order.select_related("submission", "model"), key=lambda generation: generation.model_id
    )
    for _, group in by_model:
        generations = list(group)
        due = [generation for generation in generations if generation.pk in due_ids]
        if due and not visit.out_of_time:
            # Postponed before the calls: a list that always fails must not come first in the next visit.
            poll_schedule.postpone(due, now, RETRY_DELAYS[0])
            with visit.continue_on_error():
                _reconcile_model(visit, generations, due)


def _reconcile_model(visit: Visit, uncertain: list[Generation], due: list[Generation]) -> None:
    """Search for one model's uncertain generations, and update the due ones that were not found.

    Only a search of complete lists counts as one that did not find a generation.
    """
    posts = _group_by_post(visit.connection, uncertain)
    keeps_rows = visit.client.revision is Revision.CURRENT
    try:
        rows = _search(visit, posts, uncertain[0].model.name, search_ended=keeps_rows)
    except UpstreamError as error:
        if not isinstance(error, HUB_WIDE_ERRORS):
            _give_up_without_list(due)
        raise
    unassigned = _unassigned_rows(visit.connection, rows) if keeps_rows else []
    for generation in due:
        if not generation.upstream_id:
            may_exist = _may_be_row_of(generation, posts, unassigned, visit.connection)
            _record_not_found(generation, nothing_made=keeps_rows and not may_exist)


def _search(visit: Visit, posts: Sequence[UncertainPost], model: str, *, search_ended: bool) -> list[Row]:
    """Request the rows of a model, assign those that match, and return all of them."""
    rows: dict[str, Row] = {}
    for status in (None, *sorted(END_STATES)) if search_ended else (None,):
        listed = _list_generations(visit, model, status)
        rows |= {row.id: row for row in listed}
        _assign_matches(visit.connection, posts, listed)
    return list(rows.values())


def _list_generations(visit: Visit, model: str, status: str | None) -> list[Row]:
    """Request a list, again at once if the response makes no sense."""
    attempts = 0
    while True:
        attempts += 1
        try:
            rows = list(visit.client.list_generations(model, status=status).rows)
        except AmbiguousResponse:
            if visit.out_of_time or attempts > MAX_LIST_RETRIES:
                raise
        else:
            visit.list_succeeded()
            return rows


def _group_by_post(connection: Connection, uncertain: Iterable[Generation]) -> list[UncertainPost]:
    """Return the POSTs of these generations, which are in the order of submission and POST."""
    groups = groupby(uncertain, key=lambda generation: (generation.submission_id, generation.posted_at))
    batches = [list(group) for _, group in groups]
    return [UncertainPost(_build_query(connection, n, batch), batch) for n, batch in enumerate(batches)]


def _build_query(connection: Connection, number: int, batch: Sequence[Generation]) -> LostPost:
    generation, submission = batch[0], batch[0].submission
    posted_at = generation.posted_at or generation.released_at or generation.enqueued_at
    try:
        params = inputs.resolve_references(submission.params, connection, asked_at=submission.created_at)
    except (DroverError, OSError):
        params = submission.params
    return LostPost(
        id=number,
        model=generation.model.name,
        params=comparable_params(params),
        count=len(batch),
        posted_from=posted_at,
        posted_to=generation.answered_at or timezone.now(),
        known=foreign.known_before(connection, posted_at),
    )


def _assign_matches(connection: Connection, posts: Sequence[UncertainPost], rows: Sequence[Row]) -> None:
    """Assign the rows that match to generations without an id, and end those that have ended."""
    searched = {post.query.id: [g for g in post.generations if not g.upstream_id] for post in posts}
    queries = [
        replace(post.query, count=len(searched[post.query.id])) for post in posts if searched[post.query.id]
    ]
    taken = foreign.own_ids(connection, [row.id for row in rows])
    matches = match_rows(queries, rows, clock_offset=connection.clock_offset, taken=taken)
    for post_id, matching in matches.items():
        for generation, row in zip(searched[post_id], matching, strict=False):
            assigned = submitting.assign_upstream_id(generation, row.id, "Found in the hub's list.")
            if assigned and outcomes.has_ended(generation, row):
                outcomes.end_by_row(generation, row)


def _unassigned_rows(connection: Connection, rows: Sequence[Row]) -> list[Row]:
    assigned = foreign.own_ids(connection, [row.id for row in rows])
    return [row for row in rows if row.id not in assigned]


def _may_be_row_of(
    generation: Generation, posts: Sequence[UncertainPost], unassigned: Sequence[Row], connection: Connection
) -> bool:
    """Return whether an unassigned row has the time of this generation's POST.

    It may be the generation even if its parameters differ: hubs echo them changed, cut, or not at all.
    """
    query = next(post.query for post in posts if generation in post.generations)
    return any(is_in_time(query, row, clock_offset=connection.clock_offset) for row in unassigned)


def _give_up_without_list(due: Iterable[Generation]) -> None:
    """End generations whose lists have failed for too long: their outcome stays unknown."""
    for generation in due:
        if generation.answered_at and timezone.now() > generation.answered_at + MAX_SEARCH_TIME:
            outcomes.end_unreconciled(generation, nothing_made=False)


def _record_not_found(generation: Generation, *, nothing_made: bool) -> None:
    """Schedule the next search, or end the generation if this was the last."""
    now = timezone.now()
    given_up_at = generation.answered_at or now
    searches = generation.missing_polls + 1
    if searches >= len(RETRY_DELAYS) and now >= given_up_at + MIN_SEARCH_TIME:
        outcomes.end_unreconciled(generation, nothing_made=nothing_made)
        return
    delay = RETRY_DELAYS[min(searches, len(RETRY_DELAYS)) - 1]
    poll_schedule.poll_again(generation, now, delay, missing_polls=searches)
