"""A hub for each call in the middle of which a worker may die, and what is true of it afterwards."""

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from tests.hub import misbehaviour as mis
from tests.hub.ledger import HubGeneration
from tests.hub.misbehaviour import Plan
from tests.hub.server import Hub
from tests.running import Drover, until

MODEL = "flux-1-dev"
#: Longer than anybody waits here.
FOR_EVER = 600.0
HANGS = (mis.hang(FOR_EVER),)
WORKS_AND_HANGS = (mis.hang(FOR_EVER, worked=True),)

_CONNECT = """
import json
from queueapp.models import Connection, MediaModel
from queueapp.models.fields import Sealed
for told in json.loads({told!r}):
    key = Sealed.of(told.pop("secret"))
    connection = Connection.objects.create(kind="upstream", namespace="alice", key=key, **told)
    MediaModel.objects.create(connection=connection, name={model!r}, display_name="x", media_type="image")
"""


def connect(drover: Drover, hubs: dict[str, Hub]) -> None:
    """A connection with one model to each hub, known and checked already."""
    told = [
        {"name": name, "base_url": hub.url, "secret": hub.key, "revision": hub.revision}
        for name, hub in hubs.items()
    ]
    drover.manage("shell", "-v0", "-c", _CONNECT.format(completion_event=json.dumps(told), model=MODEL))


@dataclass(frozen=True)
class Step:
    """A call in the middle of which the worker dies, and what becomes of its generations in the end.

    `first` are plans for calls before it; `asks` is the call by which the next worker takes it up; `made`
    is how many of the `count` generations the hub makes; `words` are among the reason for the end.
    """

    name: str
    revision: str
    call: str
    plans: tuple[Plan, ...]
    ends: str
    count: int = 1
    made: int = 1
    asks: str = "list"
    first: tuple[tuple[str, Plan], ...] = ()
    words: str = ""


@dataclass
class Scene:
    """One step in one round: its hub, its generations, and the hub's truth about them."""

    step: Step
    hub: Hub
    prompt: str
    ids: list[str] = field(default_factory=list)
    since: int = 0
    died_at: int = 0

    def ask(self, drover: Drover) -> None:
        self.since = len(self.hub.ledger.requests)
        for call, plan in (*self.step.first, *((self.step.call, plan) for plan in self.step.plans)):
            self.hub.misbehave(call, plan)
        self.ids = drover.enqueue(
            f"{self.step.name}/{MODEL}", prompt=self.prompt, num_generations=self.step.count
        )

    def bring_about(self, drover: Drover) -> None:
        """Do what makes the worker take the step, where that is not the enqueue itself."""
        if self.step.call in ("one", "generation", "result"):
            until(f"{self.step.name} is made", lambda: self.made and self.hub.listeners)
            self.hub.finish(self.made[0].id)
        elif self.step.call == "cancel":
            until(f"{self.step.name} is known by the hub's name", lambda: rows(drover, self)[0].name)
            drover.call("DELETE", f"/api/media/generations/admin/{self.ids[0]}").raise_for_status()

    @property
    def made(self) -> list[HubGeneration]:
        return [
            made
            for made in list(self.hub.ledger.generations.values())
            if made.params["prompt"] == self.prompt
        ]

    def is_held(self) -> bool:
        """Whether the worker is in the middle of the call, and the hub has done of it what it does."""
        calls = self.hub.ledger.calls(self.step.call)
        names = {plan.name for plan in self.step.plans}
        began = any(one.number > self.since and one.misbehaved in names for one in calls)
        done = all(one.state == "cancelled" for one in self.made) or not self.is_cancelled_there
        return began and len(self.made) == self.step.made and done

    @property
    def is_cancelled_there(self) -> bool:
        return self.step.call == "cancel" and self.step.plans is WORKS_AND_HANGS

    def is_taken_up(self) -> bool:
        """Whether the next worker has asked the hub, and been answered."""
        calls = self.hub.ledger.calls(self.step.asks)
        return any(one.number > self.died_at and one.status for one in calls)

    def is_heard(self) -> bool:
        """Whether the next worker listens, where an ending is told by an event alone."""
        if self.step.revision != "bridge" or not any(made.live for made in self.made):
            return True
        again = any(one.number > self.died_at for one in self.hub.ledger.calls("events"))
        return again and bool(self.hub.listeners)

    def finish(self) -> None:
        """The hub ends what it still works on."""
        for made in self.made:
            if self.step.call != "cancel":
                self.hub.finish(made.id)

    @property
    def posts(self) -> int:
        return sum(1 for one in self.hub.ledger.calls("enqueue") if one.number > self.since)


@dataclass(frozen=True)
class Row:
    state: str
    name: str
    words: str
    ended: float | None


def rows(drover: Drover, scene: Scene) -> list[Row]:
    told = drover.database.rows(
        "SELECT g.state, g.upstream_id, g.reason, g.ended_at FROM queueapp_generation g"
        f" JOIN queueapp_submission s ON s.id = g.submission_id WHERE s.prompt = '{scene.prompt}'"
    )
    return [Row(state, name, words, ended and seconds_of(ended)) for state, name, words, ended in told]


def seconds_of(moment: Any) -> float:
    at = moment if isinstance(moment, datetime) else datetime.fromisoformat(moment)
    return at.replace(tzinfo=at.tzinfo or UTC).timestamp()


def count(drover: Drover, what: str) -> int:
    return int(drover.database.rows(f"SELECT count(*) FROM queueapp_{what}")[0][0])
