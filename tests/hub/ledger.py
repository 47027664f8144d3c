"""What the stand-in hub really did, whatever it told anybody: the truth that tests compare with."""

from dataclasses import asdict, dataclass, field
from decimal import Decimal
from typing import Any

LIVE = ("queued", "processing")


@dataclass
class HubGeneration:
    """One generation. Times are the hub's true clock. `post` is the number of the request that made it,
    None when somebody else did; `billed` is what was charged for it when it was made."""

    id: str
    model: str
    media_type: str
    user: str
    namespace: str
    params: dict[str, Any]
    post: int | None
    at: float
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
    """One request as it came in, and what was made of it. `status` is None when no answer went out."""

    number: int
    at: float
    call: str
    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    size: int
    #: The caller's port: the same for requests on one kept connection.
    peer: int
    status: int | None = None
    misbehaved: str | None = None

    @property
    def key(self) -> str | None:
        """The key that came along, if any."""
        return self.headers.get("authorization", "").removeprefix("Bearer ") or None


@dataclass
class Ledger:
    """All generations and all requests since the hub was started, in order."""

    generations: dict[str, HubGeneration] = field(default_factory=dict)
    requests: list[LoggedRequest] = field(default_factory=list)

    @property
    def billed(self) -> Decimal:
        return sum((made.billed for made in list(self.generations.values())), Decimal())

    @property
    def live(self) -> list[HubGeneration]:
        return [made for made in list(self.generations.values()) if made.live]

    def of_post(self, number: int) -> list[HubGeneration]:
        return [made for made in list(self.generations.values()) if made.post == number]

    def calls(self, call: str) -> list[LoggedRequest]:
        return [asked for asked in self.requests if asked.call == call]

    def as_json(self) -> dict[str, Any]:
        return {
            "generations": [
                {**asdict(made), "billed": str(made.billed)} for made in list(self.generations.values())
            ],
            "requests": [asdict(asked) for asked in list(self.requests)],
            "billed": str(self.billed),
        }
