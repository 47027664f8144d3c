"""Whatever a hub responds and whenever a poller dies: every generation ends, none is made twice, and none
ends while the hub works on it."""

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
from queueapp.poller import events, poll, reconcile
from queueapp.services.lifecycle import cancellation, outcomes, submitting
from queueapp.states import LIVE
from queueapp.upstream.messages import CompletionEvent
from tests.hub import misbehaviour as mis
from tests.queueapp.poller.conftest import Team
from tests.queueapp.poller.crashes import Killed, crash_at

#: Functions in which a poller may die: before their work or right after.
CRASH_SITES = [
    (submitting, "mark_posting"),
    (submitting, "settle"),
    (submitting, "record_accepted"),
    (submitting, "assign_upstream_id"),
    (poll, "_apply_list"),
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
numbers = st.integers(0, 5)
steps = st.one_of(
    st.tuples(st.just("submit"), st.integers(1, 3)),
    st.tuples(st.just("tick"), st.just(0)),
    st.tuples(st.just("crash"), st.tuples(st.sampled_from(CRASH_SITES), st.booleans())),
    st.tuples(st.just("misbehave"), plans),
    st.tuples(st.sampled_from(["finish", "fail", "stop", "cancel", "send_event"]), numbers),
)


class World:
    """A team and its hub. Each step is a method; after each, the promises are checked."""

    def __init__(self, team: Team) -> None:
        self.team, self.hub = team, team.hub
        self.submitted: dict[str, int] = {}

    def take(self, step: tuple[str, Any]) -> None:
        name, argument = step
        getattr(self, name)(argument)
        self.check_promises()

    def submit(self, count: int) -> None:
        prompt = f"prompt {len(self.submitted)}"
        self.submitted[prompt] = count
        self.team.asks(count, prompt=prompt)

    def tick(self, _: Any = None) -> None:
        self.team.tick()

    def crash(self, site: Any) -> None:
        (owner, name), after = site
        with pytest.MonkeyPatch.context() as monkeypatch, suppress(Killed):
            crash_at(monkeypatch, owner, name, after=after)
            self.team.tick()
        self.team.replace_poller()

    def misbehave(self, choice: Any) -> None:
        call, plan = choice
        self.hub.misbehave(call, plan())

    def _running_id(self, number: int) -> str | None:
        running = self.hub.ledger.live
        return running[number % len(running)].id if running else None

    def finish(self, number: int) -> None:
        if upstream_id := self._running_id(number):
            self.hub.finish(upstream_id)

    def fail(self, number: int) -> None:
        if upstream_id := self._running_id(number):
            self.hub.fail(upstream_id)

    def stop(self, number: int) -> None:
        if upstream_id := self._running_id(number):
            self.hub.cancel(upstream_id)

    def cancel(self, number: int) -> None:
        if generations := list(Generation.objects.order_by("enqueued_at", "ordinal")):
            with suppress(NotFound):
                self.team.cancel(generations[number % len(generations)])

    def send_event(self, number: int) -> None:
        ended = [made for made in self.team.at_hub if not made.live]
        if ended and self.hub.revision != "classic":
            made = ended[number % len(ended)]
            event = CompletionEvent(made.id, made.state, made.media_type, made.model, None, made.error)
            events.record_event(self.team.connection, event)

    def check_promises(self) -> None:
        made = Counter(item.params["prompt"] for item in self.team.at_hub)
        not_sent = Generation.objects.filter(category="not sent")
        denied = Counter(not_sent.values_list("submission__prompt", flat=True))
        for prompt, count in self.submitted.items():
            assert made[prompt] <= count - denied[prompt], f"{prompt} was made twice, or made and denied"
        running = {item.id for item in self.hub.ledger.live}
        ended = Generation.objects.exclude(state__in=LIVE).exclude(upstream_id="")
        for state, upstream_id in ended.values_list("state", "upstream_id"):
            assert upstream_id in self.team.hub_ids
            assert upstream_id not in running, f"{state} while the hub works on it"

    def check_that_all_ends(self) -> None:
        self.hub.stop_misbehaving()
        for _ in range(40):
            if not Generation.objects.live().exists():
                break
            self.team.tick()
            self.team.finish()
            self.team.age_lost_posts(minutes=5)
        self.check_promises()
        assert not Generation.objects.live().exists()


@settings(
    max_examples=15,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(path=st.lists(steps, min_size=3, max_size=14))
def test_every_generation_ends_once_and_with_its_true_outcome(path, any_hub, alice):
    with transaction.atomic():
        any_hub.ledger.generations.clear()
        world = World(Team(any_hub, alice))
        world.submit(2)
        for step in path:
            world.take(step)
        world.check_that_all_ends()
        transaction.set_rollback(True)


@pytest.mark.parametrize("site", CRASH_SITES, ids=lambda site: f"{site[0].__name__}.{site[1]}")
@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
def test_a_poller_may_die_anywhere(site, after, current_hub, alice):
    world = World(Team(current_hub, alice))
    world.submit(3)
    world.misbehave(("enqueue", mis.fewer))
    world.take(("crash", (site, after)))
    world.take(("tick", 0))
    world.take(("cancel", 1))
    world.take(("finish", 0))
    world.take(("crash", (site, after)))
    world.check_that_all_ends()
