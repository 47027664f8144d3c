"""A hub on a real socket, a team that uses it, and a poller that the tests tick by hand."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from queueapp import backends
from queueapp.models import Connection, Event, Generation
from queueapp.poller import loop
from queueapp.services import coordination, generations
from queueapp.services.lifecycle import pending_events
from queueapp.states import State
from queueapp.upstream.client import Client
from tests import factories
from tests.hub.misbehaviour import Plan
from tests.hub.server import Hub

#: The client's methods for the calls of the stand-in hub.
CLIENT_METHODS = {"enqueue": "enqueue", "list": "list_generations", "one": "get_generation"}


@pytest.fixture(autouse=True)
def _forget_process_state() -> Iterator[None]:
    """Leave neither clients nor early events in this process's memory."""
    yield
    for client in backends._clients.values():
        client.close()
    backends._clients.clear()
    pending_events._events.clear()


@contextmanager
def short_read_timeout(call: str) -> Iterator[None]:
    """Give up a call to which a hub never responds after 0.1 s. All other calls have the usual time."""
    method = getattr(Client, CLIENT_METHODS[call])

    def impatient(client: Client, *args: Any, **kwargs: Any) -> Any:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(client._transport, "read_timeout", 0.1)
            return method(client, *args, **kwargs)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Client, CLIENT_METHODS[call], impatient)
        yield


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
    """A connection to a hub with two models, a user who submits to it, and the poller."""

    image, video = "flux-1-dev", "google-veo-3"

    def __init__(self, hub: Hub, owner: Any) -> None:
        self.hub, self.owner = hub, owner
        self.connection = factories.hub_connection(hub)
        for name, media_type in ((self.image, "image"), (self.video, "video")):
            factories.hub_model(self.connection, name, media_type)
        self.fence = coordination.acquire_lease("the poller")

    # The user

    def asks(self, count: int = 1, model: str = image, **params: Any) -> list[Generation]:
        """Submit `count` generations."""
        return factories.enqueue(self.owner, model, count=count, **params)

    def cancel(self, generation: Generation) -> None:
        generations.cancel(Generation.objects.get(pk=generation.pk), self.owner)

    # The poller

    def tick(self, times: int = 1) -> None:
        """Tick; each time everything is due, and the connection is not paused."""
        for _ in range(times):
            self.make_all_due()
            loop.tick(self.fence)

    def tick_with(self, call: str, *plans: Plan) -> None:
        """Tick once, while the hub's next calls of that kind go wrong."""
        self.hub.misbehave(call, *plans)
        hangs = any(plan.name == "hang" for plan in plans)
        with short_read_timeout(call) if hangs else nullcontext():
            self.tick()

    def make_all_due(self) -> None:
        Connection.objects.update(retry_at=None, submit_after=None)
        Generation.objects.live().update(next_poll_at=None)

    def replace_poller(self) -> None:
        """Let another poller acquire the lease, as after the death of the first."""
        coordination.release_lease(self.fence)
        self.fence = coordination.acquire_lease("the next poller")

    def age_lost_posts(self, **ago: float) -> None:
        """Move the time at which each unanswered POST was given up into the past, e.g. by `minutes=3`."""
        given_up_at = timezone.now() - timedelta(**ago)
        Generation.objects.filter(state=State.UNCERTAIN).update(
            posted_at=given_up_at - timedelta(seconds=1), answered_at=given_up_at, missing_polls=9
        )

    # The hub

    @property
    def posts(self) -> int:
        """The number of POSTs that the hub has received."""
        return len(self.hub.ledger.calls("enqueue"))

    @property
    def at_hub(self) -> list[Any]:
        """All generations that the hub has made."""
        return list(self.hub.ledger.generations.values())

    @property
    def hub_ids(self) -> set[str]:
        return {generation.id for generation in self.at_hub}

    def finish(self) -> None:
        """Let everything at the hub succeed."""
        for generation in self.hub.ledger.live:
            self.hub.finish(generation.id)

    # Drover

    def refreshed(self) -> Connection:
        self.connection.refresh_from_db()
        return self.connection

    @property
    def known_ids(self) -> set[str]:
        """The hub's ids of all generations."""
        return set(Generation.objects.values_list("upstream_id", flat=True))


@pytest.fixture
def team(alice) -> Callable[[Hub], Team]:
    return lambda hub: Team(hub, alice)


@pytest.fixture
def ended(team: Callable[[Hub], Team], current_hub: Hub) -> Generation:
    """A generation that has succeeded at the hub; its result is still there."""
    alices_team = team(current_hub)
    generation = alices_team.asks()[0]
    alices_team.tick()
    alices_team.finish()
    alices_team.tick()
    generation.refresh_from_db()
    return generation


def states(*chosen: Generation) -> list[str]:
    """Return the present states of generations."""
    by_id = dict(Generation.objects.filter(pk__in=[item.pk for item in chosen]).values_list("pk", "state"))
    return [by_id[item.pk] for item in chosen]


def timeline(generation: Generation) -> str:
    """Return the texts of a generation's events."""
    return " ".join(Event.objects.filter(generation=generation).values_list("text", flat=True))


def reason(generation: Generation) -> str:
    """Return the reason for its end that users read."""
    return Generation.objects.get(pk=generation.pk).reason
