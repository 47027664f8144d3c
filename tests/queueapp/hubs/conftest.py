"""A team's hub on a real socket, Drover's rows, and a pump that is ticked by hand."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from queueapp import backends
from queueapp.models import Connection, Generation
from queueapp.poller import loop
from queueapp.services import coordination
from queueapp.states import State
from tests import factories
from tests.hub.server import Hub


@pytest.fixture(autouse=True)
def _short_patience(monkeypatch) -> Iterator[None]:
    """A hub that hangs is given up in a moment; no client outlives its test."""
    monkeypatch.setattr(backends, "TIMEOUTS", (0.5, 0.3))
    monkeypatch.setattr(backends, "CALL_TIMEOUT", 2.0)
    yield
    for client in backends._clients.values():
        client.close()
    backends._clients.clear()


@pytest.fixture(params=["classic", "bridge", "current"])
def any_hub(request) -> Iterator[Hub]:
    with Hub(request.param) as hub:
        yield hub


@pytest.fixture
def classic_hub() -> Iterator[Hub]:
    with Hub("classic") as hub:
        yield hub


@pytest.fixture
def bridge_hub() -> Iterator[Hub]:
    with Hub("bridge") as hub:
        yield hub


@pytest.fixture
def current_hub() -> Iterator[Hub]:
    with Hub("current") as hub:
        yield hub


class Team:
    """A connection to a hub with two models, and what its people and the pump do."""

    image, video = "flux-1-dev", "google-veo-3"

    def __init__(self, hub: Hub, owner: Any) -> None:
        self.hub, self.owner = hub, owner
        self.connection = factories.hub_connection(hub)
        for name, media in ((self.image, "image"), (self.video, "video")):
            factories.hub_model(self.connection, name, media)
        self.fence = coordination.acquire_lease("the pump")

    def asks(self, count: int = 1, model: str = image, **params: Any) -> list[Generation]:
        return factories.enqueue(self.owner, model, count=count, **params)

    def tick(self, times: int = 1) -> None:
        """Rounds of the pump, in each of which everything is due and no connection rests."""
        for _ in range(times):
            self.nothing_rests()
            loop.tick(self.fence)

    def nothing_rests(self) -> None:
        Connection.objects.update(retry_at=None, submit_after=None)
        Generation.objects.live().update(next_poll_at=None)

    def successor(self) -> None:
        """The pump is gone, and another one has taken over."""
        coordination.release_lease(self.fence)
        self.fence = coordination.acquire_lease("its successor")

    def refreshed(self) -> Connection:
        self.connection.refresh_from_db()
        return self.connection

    @property
    def posts(self) -> int:
        return len(self.hub.ledger.calls("enqueue"))

    def finish(self) -> None:
        """Everything at the hub ends well."""
        for made in self.hub.ledger.live:
            self.hub.finish(made.id)

    def long_after(self, **ago: float) -> None:
        """Let the answers to all POSTs have been given up some time ago, e.g. `minutes=3`."""
        for one in Generation.objects.filter(state=State.UNCERTAIN):
            given_up = timezone.now() - timedelta(**ago)
            Generation.objects.filter(pk=one.pk).update(
                posted_at=given_up - timedelta(seconds=1), answered_at=given_up, missing_polls=9
            )


@pytest.fixture
def team(alice) -> Callable[[Hub], Team]:
    return lambda hub: Team(hub, alice)


@pytest.fixture
def ended(team: Callable[[Hub], Team], current_hub: Hub) -> Generation:
    """A generation that has ended well at the hub; its result is still there."""
    of_alice = team(current_hub)
    made = of_alice.asks()[0]
    of_alice.tick()
    of_alice.finish()
    of_alice.tick()
    made.refresh_from_db()
    return made


def states(*made: Generation) -> list[str]:
    """The states of these generations now."""
    found = dict(Generation.objects.filter(pk__in=[one.pk for one in made]).values_list("pk", "state"))
    return [found[one.pk] for one in made]
