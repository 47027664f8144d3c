"""Crash points: the calls to a hub during which a worker may die, each with a hub of its own."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from tests.hub import misbehaviour as mis
from tests.hub.ledger import HubGeneration
from tests.hub.misbehaviour import Plan
from tests.hub.server import Hub
from tests.running import Drover, until

MODEL = "flux-1-dev"
LONG_AGO = "2020-01-01 00:00:00"
#: Seconds: longer than any test.
FOREVER = 600.0
HANGS = (mis.hang(FOREVER),)
WORKS_AND_HANGS = (mis.hang(FOREVER, worked=True),)

_CREATE_CONNECTIONS = """
import json
from queueapp.models import Connection, MediaModel
from queueapp.models.fields import Encrypted
for fields in json.loads({fields!r}):
    key = Encrypted.from_text(fields.pop("key_text"))
    connection = Connection.objects.create(kind="upstream", namespace="alice", key=key, **fields)
    MediaModel.objects.create(connection=connection, name={model!r}, display_name="x", media_type="image")
"""


def create_connections(drover: Drover, hubs: dict[str, Hub]) -> None:
    """Create a checked connection to each hub, with one model."""
    fields = [
        {"name": name, "base_url": hub.url, "key_text": hub.key, "revision": hub.revision}
        for name, hub in hubs.items()
    ]
    script = _CREATE_CONNECTIONS.format(fields=json.dumps(fields), model=MODEL)
    drover.manage("shell", "-v0", "-c", script)


@dataclass(frozen=True)
class CrashPoint:
    """A call to a hub during which the worker dies, and how its generations end.

    `plans` are for that call, `earlier_plans` for calls before it. The next worker continues with
    `next_call`. The hub makes `made_count` of the `count` generations. `reason` is a part of their reason.
    """

    name: str
    revision: str
    call: str
    plans: tuple[Plan, ...]
    final_state: str
    count: int = 1
    made_count: int = 1
    next_call: str = "list"
    earlier_plans: tuple[tuple[str, Plan], ...] = ()
    reason: str = ""


@dataclass
class CrashRun:
    """One crash at a crash point: its hub, its generations, and what the hub knows about them."""

    point: CrashPoint
    hub: Hub
    prompt: str
    ids: list[str] = field(default_factory=list)
    #: The number of requests to the hub before the run, and before the crash.
    requests_before: int = 0
    requests_before_crash: int = 0

    def enqueue(self, drover: Drover) -> None:
        self.requests_before = len(self.hub.ledger.requests)
        for call, plan in (
            *self.point.earlier_plans,
            *((self.point.call, plan) for plan in self.point.plans),
        ):
            self.hub.misbehave(call, plan)
        self.ids = drover.enqueue(
            f"{self.point.name}/{MODEL}", prompt=self.prompt, num_generations=self.point.count
        )

    def provoke_call(self, drover: Drover) -> None:
        """Make the worker call the hub, where an enqueue alone does not lead to the call."""
        if self.point.call in ("one", "generation", "result"):
            until(f"{self.point.name}: the hub works", lambda: self.made and self.hub.listeners)
            self.hub.finish(self.made[0].id)
        elif self.point.call == "cancel":
            until(f"{self.point.name}: the hub's id is stored", lambda: generations(drover, self)[0].hub_id)
            drover.call("DELETE", f"/api/media/generations/admin/{self.ids[0]}").raise_for_status()

    @property
    def made(self) -> list[HubGeneration]:
        return [
            made
            for made in list(self.hub.ledger.generations.values())
            if made.params["prompt"] == self.prompt
        ]

    def is_during_call(self) -> bool:
        """Return whether the worker waits for the answer, and the hub has done its part."""
        calls = self.hub.ledger.calls(self.point.call)
        names = {plan.name for plan in self.point.plans}
        began = any(call.number > self.requests_before and call.misbehaved in names for call in calls)
        cancelled = all(made.state == "cancelled" for made in self.made)
        done = cancelled or not self.is_cancelled_at_hub
        return began and len(self.made) == self.point.made_count and done

    @property
    def is_cancelled_at_hub(self) -> bool:
        return self.point.call == "cancel" and self.point.plans is WORKS_AND_HANGS

    def has_next_call(self) -> bool:
        """Return whether the next worker has called the hub and got an answer."""
        calls = self.hub.ledger.calls(self.point.next_call)
        return any(call.number > self.requests_before_crash and call.status for call in calls)

    def has_listener(self) -> bool:
        """Return whether the next worker listens for events, where only an event reports the outcome."""
        if self.point.revision != "bridge" or not any(made.live for made in self.made):
            return True
        calls = self.hub.ledger.calls("events")
        return any(call.number > self.requests_before_crash for call in calls) and bool(self.hub.listeners)

    def finish(self) -> None:
        """End everything that the hub still works on."""
        for made in self.made:
            if self.point.call != "cancel":
                self.hub.finish(made.id)

    @property
    def posts(self) -> int:
        return sum(1 for call in self.hub.ledger.calls("enqueue") if call.number > self.requests_before)


@dataclass(frozen=True)
class GenerationRow:
    state: str
    hub_id: str
    reason: str
    #: Seconds since the epoch.
    ended_at: float | None


def generations(drover: Drover, run: CrashRun) -> list[GenerationRow]:
    rows = drover.database.rows(
        "SELECT g.state, g.upstream_id, g.reason, g.ended_at FROM queueapp_generation g"
        f" JOIN queueapp_submission s ON s.id = g.submission_id WHERE s.prompt = '{run.prompt}'"
    )
    return [GenerationRow(*columns, ended_at and _seconds(ended_at)) for *columns, ended_at in rows]


def _seconds(moment: datetime | str) -> float:
    moment = moment if isinstance(moment, datetime) else datetime.fromisoformat(moment)
    return moment.replace(tzinfo=moment.tzinfo or UTC).timestamp()


def count(drover: Drover, table_and_condition: str) -> int:
    rows: list[Any] = drover.database.rows(f"SELECT count(*) FROM queueapp_{table_and_condition}")
    return int(rows[0][0])


def skip_delays(drover: Drover) -> None:
    """Make everything due that waits for a time: polls, requests for costs, retries of hubs and downloads."""
    for statement in (
        "generation SET next_poll_at = NULL WHERE ended_at IS NULL",
        f"generation SET cost_check_at = '{LONG_AGO}' WHERE cost_check_at IS NOT NULL",
        "connection SET retry_at = NULL, submit_after = NULL",
        f"download SET next_attempt_at = '{LONG_AGO}' WHERE next_attempt_at IS NOT NULL",
        "lease SET wakeups = wakeups + 1",
    ):
        drover.database.rows(f"UPDATE queueapp_{statement}")


def expire_leases(drover: Drover) -> None:
    """Expire the leases of dead workers: the poller's, and those on downloads."""
    drover.database.rows(f"UPDATE queueapp_lease SET expires_at = '{LONG_AGO}'")
    drover.database.rows(f"UPDATE queueapp_download SET lease_expires_at = '{LONG_AGO}'")


def until_due(drover: Drover, event: str, condition: Callable[[], Any]) -> None:
    """Wait for `condition`, and skip the delays on the way to it."""

    def skip_and_check() -> Any:
        skip_delays(drover)
        return condition()

    if not condition():
        until(event, skip_and_check)
