"""Ask the hub what ended generations cost."""

from datetime import timedelta

from django.utils import timezone

from queueapp.models import Generation
from queueapp.poller.visit import HUB_WIDE_ERRORS, Visit
from queueapp.services.lifecycle import costs
from queueapp.upstream.errors import InvalidKey, NotFoundAtHub, NotSupported, UpstreamError

#: No generation costs this much: a higher number is an error of the hub's.
MAX_COST = 1_000_000
#: Seconds until the next check, by the seconds since the generation ended. Older ones are not checked again.
CHECK_DELAYS = ((60, 10), (600, 60), (6 * 3600, 1800))


def update_costs(visit: Visit) -> None:
    """Record the costs that are due for a check, where the hub reports them."""
    for generation in costs.costs_due(visit.connection, timezone.now()):
        if visit.out_of_time or not _update_cost(generation, visit):
            return


def _update_cost(generation: Generation, visit: Visit) -> bool:
    """Check one cost. Return False if the hub's history fails, although its queue may work."""
    _schedule_next_check(generation)
    try:
        cost = visit.client.get_history_entry(generation.upstream_id).cost
    except (NotSupported, NotFoundAtHub):
        costs.schedule_cost_check(generation, None)
        return True
    except UpstreamError as error:
        # A rejected key is no reason to stop here: the history may be closed to a key that the queue accepts.
        if isinstance(error, HUB_WIDE_ERRORS) and not isinstance(error, InvalidKey):
            raise
        return False
    if cost is not None and 0 <= (cost := round(cost, 6)) < MAX_COST:
        costs.record_cost(generation, cost)
    return True


def _schedule_next_check(generation: Generation) -> None:
    now = timezone.now()
    age = (now - (generation.ended_at or now)).total_seconds()
    delay = next((delay for limit, delay in CHECK_DELAYS if age < limit), None)
    costs.schedule_cost_check(generation, None if delay is None else now + timedelta(seconds=delay))
