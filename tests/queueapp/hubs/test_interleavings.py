"""Whatever a hub answers and whenever a pump dies: every generation ends, none is made twice, and none is
called ended while the hub works on it."""

from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from queueapp.errors import NotFound
from queueapp.models import Generation
from queueapp.poller import events, poll, reconcile, release
from queueapp.services import generations
from queueapp.services.lifecycle import cancellation, outcomes, submitting
from queueapp.states import LIVE
from queueapp.upstream.messages import CompletionEvent
from tests.hub import misbehaviour as mis
from tests.queueapp.hubs.conftest import Team
from tests.queueapp.hubs.test_handover import Killed

#: Where a pump may die: before that function does its work, or right after.
PLACES = [
    (submitting, "mark_posting"),
    (release, "_settle"),
    (submitting, "record_accepted"),
    (submitting, "assign_upstream_id"),
    (poll, "_compare_with_list"),
    (outcomes, "end_by_row"),
    (outcomes, "end_unlisted"),
    (outcomes, "record_cancelled"),
    (cancellation, "record_cancel_answer"),
    (reconcile, "_assign_matches"),
]
PLANS: dict[str, list[Callable[[], mis.Plan]]] = {
    "enqueue": [
        lambda: mis.status(500),
        lambda: mis.status(500, worked=True),
        mis.busy,
        mis.half_json,
        lambda: mis.empty_list(worked=True),
        mis.reset_before,
        mis.reset_after,
        mis.lost_unseen,
        mis.fewer,
    ],
    "list": [lambda: mis.status(500), mis.half_json, mis.status_error, mis.reset_before, mis.html],
    "one": [lambda: mis.status(500), lambda: mis.html(404), mis.half_json],
    "cancel": [lambda: mis.status(500), mis.reset_before, mis.reset_after, mis.half_json],
}
plans = st.sampled_from([(call, plan) for call, some in PLANS.items() for plan in some])
number = st.integers(0, 5)
steps = st.one_of(
    st.tuples(st.just("submit"), st.integers(1, 3)),
    st.tuples(st.just("tick"), st.just(0)),
    st.tuples(st.just("die"), st.tuples(st.sampled_from(PLACES), st.booleans())),
    st.tuples(st.just("misbehave"), plans),
    st.tuples(st.sampled_from(["finish", "fail", "stop", "cancel", "tell"]), number),
)


class World:
    """One team and its hub, taken from step to step."""

    def __init__(self, team: Team) -> None:
        self.team, self.hub = team, team.hub
        self.submitted: dict[str, int] = {}

    def take(self, step: tuple[str, Any]) -> None:
        getattr(self, step[0])(step[1])
        self.nothing_is_wrong()

    def submit(self, count: int) -> None:
        prompt = f"prompt {len(self.submitted)}"
        self.submitted[prompt] = count
        self.team.asks(count, prompt=prompt)

    def tick(self, _: Any = None) -> None:
        self.team.tick()

    def die(self, where: Any) -> None:
        (owner, name), after = where
        real = getattr(owner, name)

        def dying(*args: Any, **kwargs: Any) -> Any:
            if after:
                real(*args, **kwargs)
            raise Killed

        setattr(owner, name, dying)
        try:
            with suppress(Killed):
                self.team.tick()
        finally:
            setattr(owner, name, real)
        self.team.successor()

    def misbehave(self, plan: Any) -> None:
        self.hub.misbehave(plan[0], plan[1]())

    def _at_hub(self, which: int) -> str | None:
        live = self.hub.ledger.live
        return live[which % len(live)].id if live else None

    def finish(self, which: int) -> None:
        if name := self._at_hub(which):
            self.hub.finish(name)

    def fail(self, which: int) -> None:
        if name := self._at_hub(which):
            self.hub.fail(name)

    def stop(self, which: int) -> None:
        if name := self._at_hub(which):
            self.hub.cancel(name)

    def cancel(self, which: int) -> None:
        if mine := list(Generation.objects.order_by("enqueued_at", "ordinal")):
            with suppress(NotFound):
                generations.cancel(mine[which % len(mine)], self.team.owner)

    def tell(self, which: int) -> None:
        ended = [made for made in self.hub.ledger.generations.values() if not made.live]
        if ended and self.hub.revision != "classic":
            made = ended[which % len(ended)]
            event = CompletionEvent(made.id, made.state, made.media_type, made.model, None, made.error)
            events.record_event(self.team.connection, event)

    def nothing_is_wrong(self) -> None:
        made = Counter(one.params["prompt"] for one in self.hub.ledger.generations.values())
        for prompt, count in self.submitted.items():
            denied = Generation.objects.filter(submission__prompt=prompt, category="not sent").count()
            assert made[prompt] <= count - denied, f"{prompt} was made twice, or made and denied"
        for generation in Generation.objects.exclude(state__in=LIVE).exclude(upstream_id=""):
            row = self.hub.ledger.generations[generation.upstream_id]
            assert not row.live, f"{generation.state} while the hub works on it"

    def all_ends(self) -> None:
        self.hub.stop_misbehaving()
        for _ in range(20):
            if not Generation.objects.live().exists():
                break
            self.team.tick(2)
            self.team.finish()
            self.team.long_after(minutes=5)
        self.nothing_is_wrong()
        assert not Generation.objects.live().exists()


@settings(
    max_examples=15,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(path=st.lists(steps, min_size=3, max_size=14))
def test_every_generation_ends_once_and_truly(path, any_hub, alice):
    with transaction.atomic():
        any_hub.ledger.generations.clear()
        world = World(Team(any_hub, alice))
        world.submit(2)
        for step in path:
            world.take(step)
        world.all_ends()
        transaction.set_rollback(True)


@pytest.mark.parametrize("place", PLACES, ids=lambda place: f"{place[0].__name__}.{place[1]}")
@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
def test_a_pump_may_die_anywhere(place, after, current_hub, alice):
    world = World(Team(current_hub, alice))
    world.submit(3)
    world.misbehave(("enqueue", mis.fewer))
    world.take(("die", (place, after)))
    world.take(("tick", 0))
    world.take(("cancel", 1))
    world.take(("finish", 0))
    world.take(("die", (place, after)))
    world.all_ends()
