"""What the stand-in hub really did, whatever it told anybody: the truth that tests compare with."""

from dataclasses import asdict, dataclass, field
from decimal import Decimal
from typing import Any

LIVE = ("queued", "processing")


@dataclass
class Made:
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
class Asked:
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

    made: dict[str, Made] = field(default_factory=dict)
    asked: list[Asked] = field(default_factory=list)

    @property
    def billed(self) -> Decimal:
        return sum((made.billed for made in list(self.made.values())), Decimal())

    @property
    def live(self) -> list[Made]:
        return [made for made in list(self.made.values()) if made.live]

    def of_post(self, number: int) -> list[Made]:
        return [made for made in list(self.made.values()) if made.post == number]

    def calls(self, call: str) -> list[Asked]:
        return [asked for asked in self.asked if asked.call == call]

    def as_json(self) -> dict[str, Any]:
        return {
            "made": [{**asdict(made), "billed": str(made.billed)} for made in list(self.made.values())],
            "asked": [asdict(asked) for asked in list(self.asked)],
            "billed": str(self.billed),
        }
