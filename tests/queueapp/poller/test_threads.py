"""Hubs are visited in threads of their own."""

import threading

import pytest

from queueapp.poller import steps
from queueapp.poller.threads import HubThreads
from tests import factories
from tests.hub import misbehaviour as mis
from tests.hub.server import until
from tests.queueapp.poller.conftest import short_read_timeout, states

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def hub_threads():
    """Threads whose visits have ended when the test ends."""
    done = threading.Event()
    hub_threads = HubThreads(done.set)
    hub_threads.done = done
    yield hub_threads
    until(lambda: not hub_threads.busy, 5)


def test_a_hub_that_hangs_delays_neither_the_poller_nor_the_next_visit(team, current_hub, hub_threads):
    team = team(current_hub)
    generations = team.asks()
    current_hub.misbehave("enqueue", mis.hang())
    with short_read_timeout("enqueue"):
        hub_threads.visit(team.connection, team.fence)
        assert hub_threads.busy
        hub_threads.visit(team.connection, team.fence)  # requested while one is running
        until(lambda: not hub_threads.busy, 5)
    assert states(*generations) == ["uncertain"]
    hub_threads.start_requested()
    until(lambda: not hub_threads.busy, 5)
    assert team.posts == 1


def test_two_connections_to_one_hub_namespace_are_visited_one_after_the_other(team, current_hub, hub_threads):
    team = team(current_hub)
    second = factories.hub_connection(current_hub, "second", priority=-1)
    factories.hub_model(second, team.image)
    first, other = team.asks()[0], team.asks(model=f"second/{team.image}")[0]
    current_hub.misbehave("enqueue", mis.hang())
    with short_read_timeout("enqueue"):
        for connection in (team.connection, second):
            hub_threads.visit(connection, team.fence)
        until(lambda: not hub_threads.busy, 5)
    assert states(first, other) == ["uncertain", "queued"]
    hub_threads.start_requested()
    until(lambda: not hub_threads.busy, 5)
    assert states(other) == ["processing"]


def test_the_poller_is_woken_after_each_visit_even_one_that_fails(
    team, current_hub, hub_threads, monkeypatch, caplog
):
    team = team(current_hub)

    def fail(*_, **__):
        raise ZeroDivisionError

    monkeypatch.setattr(steps, "visit_hub", fail)
    hub_threads.visit(team.connection, team.fence)
    assert hub_threads.done.wait(5)
    assert f"Connection {team.connection.pk}: the visit failed" in caplog.text
