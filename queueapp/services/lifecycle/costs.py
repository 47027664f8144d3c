"""Schedule and record the costs that hubs report for ended generations."""

from datetime import datetime
from decimal import Decimal

from queueapp.models import Connection, Event, Generation
from queueapp.services.lifecycle.transitions import log_event

#: Costs that one visit of a hub asks for. Each takes a call, and polling comes first.
COSTS_PER_VISIT = 5


def costs_due(connection: Connection, now: datetime) -> list[Generation]:
    """Return the ended generations whose cost is due to be asked for, the longest due first."""
    due = Generation.objects.filter(connection=connection, cost_check_at__lte=now)
    return list(due.order_by("cost_check_at")[:COSTS_PER_VISIT])


def schedule_cost_check(generation: Generation, at: datetime | None) -> None:
    """Ask for the cost again at that time; with None, never."""
    Generation.objects.filter(pk=generation.pk).update(cost_check_at=at)


def record_cost(generation: Generation, cost: Decimal) -> None:
    """Store the cost of a generation, in the hub's currency, and stop asking for it."""
    log_event(
        generation, Event.Kind.COST_RECORDED, text=f"{cost.normalize():f}", cost=cost, cost_check_at=None
    )
