"""The costs of generations, where the hub reports them."""

import pytest

from queueapp.models import Generation
from tests.hub import misbehaviour as mis


def test_the_cost_is_stored_where_the_hub_reports_it(team, current_hub):
    team = team(current_hub)
    generation = team.asks()[0]
    team.tick()
    team.finish()
    team.tick(2)
    assert Generation.objects.get(pk=generation.pk).cost == current_hub.ledger.billed


def test_a_hub_that_reports_no_costs_is_not_asked_again(team, classic_hub):
    team = team(classic_hub)
    team.asks()
    team.tick()
    team.finish()
    team.tick(2)
    assert not Generation.objects.filter(cost_check_at__isnull=False).exists()


@pytest.mark.parametrize(
    "plan", [mis.status(403), mis.status(500), mis.html(404)], ids=lambda plan: plan.name
)
def test_a_history_that_is_closed_or_broken_neither_stops_nor_pauses_the_connection(team, current_hub, plan):
    team = team(current_hub)
    team.asks()
    team.tick()
    team.finish()
    team.tick_with("generation", plan)
    connection = team.refreshed()
    assert (connection.stop_reason, connection.consecutive_failures) == ("", 0)


def test_a_broken_history_is_called_once_in_a_visit(team, current_hub):
    team = team(current_hub)
    team.asks(4)
    team.tick()
    team.finish()
    current_hub.misbehave("generation", *[mis.status(500)] * 9)
    team.tick()
    assert len(current_hub.ledger.calls("generation")) == 1
