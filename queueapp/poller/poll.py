"""Watching what a hub has at work: one list for many, and endings only from what the hub clearly says.

A generation has left a hub's list only when a whole, well-formed list lacks it that was asked for after
its release was acknowledged. Every other answer says nothing about any generation.
"""

from collections.abc import Mapping, Sequence
from datetime import timedelta

from django.utils import timezone

from queueapp.models import Generation, MediaModel
from queueapp.poller.visit import HUB_WIDE_ERRORS, Visit
from queueapp.services.lifecycle import costs, foreign, outcomes, poll_schedule
from queueapp.upstream.errors import (
    AmbiguousResponse,
    InvalidKey,
    NotFoundAtHub,
    NotSupported,
    RequestRejected,
    UpstreamError,
)
from queueapp.upstream.messages import Listing, Revision, Row
from queueapp.upstream.retry import backoff

#: Seconds until the next look at what a list lacks and nothing explains yet, and after trouble with it;
#: the second doubles with each failure in a row, up to the third, so that a list which cannot be had
#: leaves the hub time for everything else.
RETRY_SOON, RETRY_LATER, RETRY_MAX = 1.5, 5.0, 120.0
#: Seconds between looks at what a current hub says it has not, although its rows persist: a copy of its
#: database that lags behind, or a restart, must not end what goes on.
MISSING_DELAYS = (1.5, 3.0, 6.0, 12.0, 24.0)
#: The same on a bridge hub, whose event may be late.
MISSING_DELAYS_ON_BRIDGE = (RETRY_SOON,)
#: No generation costs as much; what says so is no cost.
MAX_COST = 1_000_000
#: Seconds after which the cost is asked for again, by how long ago the generation ended.
COST_CHECK_DELAYS = ((60, 10), (600, 60), (6 * 3600, 1800))


def poll(visit: Visit) -> None:
    """See what has become of everything that is due."""
    for generation in poll_schedule.with_completion_event(visit.connection):
        if not visit.out_of_time:
            _poll_one(generation, visit)
    models = poll_schedule.due_models(visit.connection, timezone.now())
    if models and visit.client.revision is Revision.CURRENT:
        _poll_list(visit, None)
        return
    for model in models:
        if not visit.out_of_time:
            _poll_list(visit, model)


def _poll_list(visit: Visit, model: MediaModel | None) -> None:
    """One list (of one model, or of everything), and what follows from it.

    It tells only about those that were watched before it was asked for.
    """
    watched = poll_schedule.at_hub(visit.connection).select_related("model")
    before = list(watched.filter(model=model) if model else watched)
    # Put off first: a list that cannot be had must not stand before the others in the next round.
    poll_schedule.postpone(before, timezone.now(), RETRY_LATER)
    with visit.continue_on_error():
        try:
            listing = visit.client.list_generations(model.name if model else None)
        except (AmbiguousResponse, RequestRejected) as error:
            poll_schedule.postpone(
                before, timezone.now(), _retry_delay(error, visit.connection.consecutive_failures)
            )
            raise
        visit.list_succeeded()
        _record_foreign(visit, listing, before)
        _compare_with_list(visit, listing, before)


def _retry_delay(error: UpstreamError, failures: int) -> float:
    """Seconds until a list that could not be had is asked for again."""
    if isinstance(error, RequestRejected):
        return RETRY_MAX
    return backoff(failures, lambda: 1.0, base=RETRY_LATER, longest=RETRY_MAX)


def _compare_with_list(visit: Visit, listing: Listing, before: Sequence[Generation]) -> None:
    rows = {row.id: row for row in listing.rows}
    over = [one for one in before if (row := rows.get(one.upstream_id)) and outcomes.has_ended(one, row)]
    gone = [one for one in before if one.upstream_id not in rows]
    missing = [one for one in gone if not _may_be_listed_under_parameter(one, rows)]
    done = {one.pk for one in over + missing}
    poll_schedule.record_listed([one for one in before if one.pk not in done], timezone.now())
    for one in over:
        outcomes.end_by_row(one, rows[one.upstream_id])
    for one in missing:
        _handle_missing(one, visit)


def _may_be_listed_under_parameter(generation: Generation, rows: Mapping[str, Row]) -> bool:
    """Whether its row may be there under a parameter of its own that is named like the hub's name for it,
    for a hub may put it in that one's place."""
    return str(generation.submission.params.get("generation_id", "")) in rows


def _record_foreign(visit: Visit, listing: Listing, ours: Sequence[Generation]) -> None:
    known = {one.upstream_id for one in ours}
    others = {row.id: row.model or "" for row in listing.rows if row.id not in known}
    if others:
        foreign.record_foreign(visit.connection, others)


def _handle_missing(generation: Generation, visit: Visit) -> None:
    """The list lacks it: on a classic hub it is over; the others can be asked about the one."""
    if visit.client.revision is Revision.CLASSIC:
        outcomes.end_unlisted(generation)
    elif visit.out_of_time:
        poll_schedule.poll_again(generation, timezone.now(), 0.0)
    else:
        _poll_one(generation, visit, listed=False)


def _poll_one(generation: Generation, visit: Visit, *, listed: bool = True) -> None:
    """Ask for the one; what the hub says of it, or that it has none of it, decides. `listed` is whether a
    list may still have it."""
    poll_schedule.poll_again(generation, timezone.now(), RETRY_LATER)
    with visit.continue_on_error():
        try:
            row = visit.client.get_generation(generation.upstream_id)
        except NotFoundAtHub:
            _handle_not_found(generation, visit)
            return
        except InvalidKey as error:
            if error.status == 403:
                return  # About this one alone: somebody else's, perhaps. The list tells about the key.
            raise
        if outcomes.has_ended(generation, row):
            outcomes.end_by_row(generation, row)
        elif row.ended and not listed:
            outcomes.end_unlisted(generation)  # It is over, and what the row says of how cannot be believed.
        elif visit.client.revision is Revision.CURRENT:
            poll_schedule.poll_again(generation, timezone.now(), RETRY_SOON, completion_event=None)
        else:
            # The row is about to go, and what the event told is all that will ever be told.
            poll_schedule.poll_again(generation, timezone.now(), RETRY_SOON)


def _handle_not_found(generation: Generation, visit: Visit) -> None:
    """The hub has none of this. Where nothing was told yet, what an event has to tell may still arrive."""
    current = visit.client.revision is Revision.CURRENT
    pauses = MISSING_DELAYS if current else MISSING_DELAYS_ON_BRIDGE
    if generation.completion_event:
        outcomes.end_unlisted(generation)
    elif generation.missing_polls < len(pauses):
        pause = pauses[generation.missing_polls]
        poll_schedule.poll_again(
            generation, timezone.now(), pause, missing_polls=generation.missing_polls + 1
        )
    elif current:
        outcomes.end_missing(generation)
    else:
        outcomes.end_unlisted(generation)


def update_costs(visit: Visit) -> None:
    """Write down what ended generations cost, where the hub tells it."""
    for generation in costs.costs_due(visit.connection, timezone.now()):
        if visit.out_of_time or not _update_cost(generation, visit):
            return


def _update_cost(generation: Generation, visit: Visit) -> bool:
    """Whether it is worth asking for another: where the history is closed or broken, the queue may work."""
    now = timezone.now()
    age = (now - (generation.ended_at or now)).total_seconds()
    pause = next((pause for limit, pause in COST_CHECK_DELAYS if age < limit), None)
    costs.schedule_cost_check(generation, None if pause is None else now + timedelta(seconds=pause))
    try:
        cost = visit.client.get_history_entry(generation.upstream_id).cost
    except (NotSupported, NotFoundAtHub):
        costs.schedule_cost_check(generation, None)
        return True
    except UpstreamError as error:
        if isinstance(error, HUB_WIDE_ERRORS) and not isinstance(error, InvalidKey):
            raise
        return False
    if cost is not None and 0 <= (cost := round(cost, 6)) < MAX_COST:
        costs.record_cost(generation, cost)
    return True
