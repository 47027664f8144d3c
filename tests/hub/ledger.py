"""Record what the stand-in hub did, whatever it responded: tests compare Drover with it."""

from dataclasses import asdict, dataclass, field
from decimal import Decimal
from typing import Any

LIVE = ("queued", "processing")


@dataclass
class HubGeneration:
    """One generation at the hub. Times are Unix times by the hub's correct clock.

    `post` is the number of the request that created it, or None if a test created it. `billed` was charged
    for it when it was created. `due` is the time at which it ends by itself.
    """

    id: str
    model: str
    media_type: str
    user: str
    namespace: str
    params: dict[str, Any]
    post: int | None
    enqueued_at: float
    billed: Decimal
    due: float | None = None
    state: str = "queued"
    started_at: float | None = None
    ended_at: float | None = None
    error: str | None = None

    @property
    def live(self) -> bool:
        return self.state in LIVE


@dataclass
class LoggedRequest:
    """One request to the hub. `status` is None if no response was sent.

    `peer` is the client's port: requests on one connection have the same. `misbehaved` names the plan by
    which the hub failed.
    """

    number: int
    at: float
    call: str
    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    size: int
    peer: int
    status: int | None = None
    misbehaved: str | None = None

    @property
    def key(self) -> str | None:
        """Return the API key in the request, or None."""
        return self.headers.get("authorization", "").removeprefix("Bearer ") or None


@dataclass
class Ledger:
    """All generations and requests since the hub started, in order."""

    generations: dict[str, HubGeneration] = field(default_factory=dict)
    requests: list[LoggedRequest] = field(default_factory=list)

    @property
    def billed(self) -> Decimal:
        return sum((generation.billed for generation in self._all()), Decimal())

    @property
    def live(self) -> list[HubGeneration]:
        return [generation for generation in self._all() if generation.live]

    def of_post(self, number: int) -> list[HubGeneration]:
        """Return the generations that a request created."""
        return [generation for generation in self._all() if generation.post == number]

    def calls(self, call: str) -> list[LoggedRequest]:
        """Return the requests of one call (a name in `calls.ROUTES`)."""
        return [request for request in self.requests if request.call == call]

    def as_json(self) -> dict[str, Any]:
        return {
            "generations": [{**asdict(item), "billed": str(item.billed)} for item in self._all()],
            "requests": [asdict(request) for request in list(self.requests)],
            "billed": str(self.billed),
        }

    def _all(self) -> list[HubGeneration]:
        """Copy the list, because the hub's threads change it meanwhile."""
        return list(self.generations.values())
