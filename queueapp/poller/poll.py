"""Poll a hub: one list for many generations, and endings only from what the hub clearly says.

A generation has left a hub's list only if a complete, well-formed list lacks it that was requested after
the hub had accepted it. Any other response says nothing about any generation.
"""

from collections.abc import Mapping, Sequence

from django.utils import timezone

from queueapp.models import Generation, MediaModel
from queueapp.poller.missing_generations import handle_not_found
from queueapp.poller.visit import Visit
from queueapp.services.lifecycle import foreign, outcomes, poll_schedule
from queueapp.upstream.errors import AmbiguousResponse, InvalidKey, NotFoundAtHub, RequestRejected
from queueapp.upstream.messages import Listing, Revision, Row
from queueapp.upstream.retry import backoff

#: Seconds until the next poll of a generation that its list lacks without an explanation.
RETRY_SOON = 1.5
#: Seconds until the next poll after a failed list. They double with each failure in a row, up to the
#: maximum, so that a list that always fails leaves the hub time for everything else.
RETRY_LATER, RETRY_MAX = 5.0, 120.0


def poll(visit: Visit) -> None:
    """Poll everything that is due: first what completion events announced, then the lists."""
    for generation in poll_schedule.with_completion_event(visit.connection):
        if not visit.out_of_time:
            _poll_generation(generation, visit)
    models = poll_schedule.due_models(visit.connection, timezone.now())
    if models and visit.client.revision is Revision.CURRENT:
        _poll_list(visit, None)
        return
    for model in models:
        if not visit.out_of_time:
            _poll_list(visit, model)


def _poll_list(visit: Visit, model: MediaModel | None) -> None:
    """Request the list of one model, or of all, and update the generations that it can tell about.

    These are the generations that the hub had accepted before the list was requested.
    """
    accepted = poll_schedule.at_hub(visit.connection).select_related("model")
    generations = list(accepted.filter(model=model) if model else accepted)
    # Postponed before the call: a list that always fails must not come before the others in the next visit.
    poll_schedule.postpone(generations, timezone.now(), RETRY_LATER)
    with visit.continue_on_error():
        try:
            listing = visit.client.list_generations(model.name if model else None)
        except (AmbiguousResponse, RequestRejected) as error:
            delay = _list_retry_delay(error, visit.connection.consecutive_failures)
            poll_schedule.postpone(generations, timezone.now(), delay)
            raise
        visit.list_succeeded()
        _record_foreign(visit, listing, generations)
        _apply_list(visit, listing, generations)


def _list_retry_delay(error: AmbiguousResponse | RequestRejected, failures: int) -> float:
    """Return the seconds until a failed list is requested again."""
    if isinstance(error, RequestRejected):
        return RETRY_MAX
    return backoff(failures, lambda: 1.0, base=RETRY_LATER, longest=RETRY_MAX)


def _record_foreign(visit: Visit, listing: Listing, generations: Sequence[Generation]) -> None:
    known = {generation.upstream_id for generation in generations}
    others = {row.id: row.model or "" for row in listing.rows if row.id not in known}
    if others:
        foreign.record_foreign(visit.connection, others)


def _apply_list(visit: Visit, listing: Listing, generations: Sequence[Generation]) -> None:
    """Update generations from a complete list: running, ended, or missing."""
    rows = {row.id: row for row in listing.rows}
    running, ended, missing = [], [], []
    for generation in generations:
        row = rows.get(generation.upstream_id)
        if row is None and not _may_be_listed_under_parameter(generation, rows):
            missing.append(generation)
        elif row is not None and outcomes.has_ended(generation, row):
            ended.append((generation, row))
        else:
            running.append(generation)
    poll_schedule.record_listed(running, timezone.now())
    for generation, row in ended:
        outcomes.end_by_row(generation, row)
    for generation in missing:
        _handle_unlisted(generation, visit)


def _may_be_listed_under_parameter(generation: Generation, rows: Mapping[str, Row]) -> bool:
    """Return whether the hub may list the generation under its own parameter `generation_id`.

    Some hubs let a submitted parameter of that name cover the id.
    """
    return str(generation.submission.params.get("generation_id", "")) in rows


def _handle_unlisted(generation: Generation, visit: Visit) -> None:
    """End a generation that left a classic hub's list. Other hubs are asked about it first."""
    if visit.client.revision is Revision.CLASSIC:
        outcomes.end_unlisted(generation)
    elif visit.out_of_time:
        poll_schedule.poll_again(generation, timezone.now(), 0.0)
    else:
        _poll_generation(generation, visit, listed=False)


def _poll_generation(generation: Generation, visit: Visit, *, listed: bool = True) -> None:
    """Request the row of one generation and update it. `listed` is False if a complete list lacks it."""
    poll_schedule.poll_again(generation, timezone.now(), RETRY_LATER)
    with visit.continue_on_error():
        try:
            row = visit.client.get_generation(generation.upstream_id)
        except NotFoundAtHub:
            handle_not_found(generation, visit)
            return
        except InvalidKey as error:
            if error.status == 403:
                return  # This concerns one generation, not the key: the list shows whether the key works.
            raise
        _apply_row(generation, row, visit, listed=listed)


def _apply_row(generation: Generation, row: Row, visit: Visit, *, listed: bool) -> None:
    if outcomes.has_ended(generation, row):
        outcomes.end_by_row(generation, row)
    elif row.ended and not listed:
        outcomes.end_unlisted(generation)  # It has ended, but the row's outcome cannot be trusted.
    elif visit.client.revision is Revision.CURRENT:
        # It is running, so its completion event was wrong.
        poll_schedule.poll_again(generation, timezone.now(), RETRY_SOON, completion_event=None)
    else:
        # A bridge hub is about to delete the row. The event is the only report of the outcome, so keep it.
        poll_schedule.poll_again(generation, timezone.now(), RETRY_SOON)
