"""The ways in which a hub, or what stands before it, goes wrong.

A `Plan` is for one call. `worked` says whether the hub did what was asked before things went wrong: then
the answer is spoiled or lost; else the request never got as far as the work.
"""

import json
import random
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any


@dataclass
class Reply:
    status: int = 200
    body: Any = b""
    headers: dict[str, str] = field(default_factory=dict)

    def raw(self) -> bytes:
        return self.body if isinstance(self.body, bytes) else json.dumps(self.body).encode()


@dataclass(frozen=True)
class Plan:
    """`spoil` turns the right reply (an empty one unless `worked`) into the one that goes out; `way` is how
    that happens: `answer`, `reset` (no byte of it, connection reset), `trickle` (byte by byte, `seconds`
    apart), or `hang` (nothing for `seconds`, then reset). `unseen`: the work is done and has ended before
    anybody can look. `more` is how many generations are made beyond those asked for."""

    name: str
    worked: bool = False
    spoil: Callable[[Reply], Reply] = lambda reply: reply
    way: str = "answer"
    seconds: float = 0.0
    unseen: bool = False
    more: int = 0
    #: Bytes of blanks behind the answer.
    padding: int = 0


def answer(status: int, body: Any = b"", *, worked: bool = False, name: str = "", **headers: str) -> Plan:
    """Any answer at all; headers as keywords, with `_` for `-`."""
    told = {key.replace("_", "-"): value for key, value in headers.items()}
    return Plan(name or f"status {status}", worked, lambda _: Reply(status, body, dict(told)))


def status(code: int, *, worked: bool = False) -> Plan:
    return answer(code, {"error": {"message": f"made-up {code}"}}, worked=worked)


def busy(code: int = 429, retry_after: str | None = "1") -> Plan:
    headers = {} if retry_after is None else {"Retry_After": retry_after}
    return answer(code, {"error": {"title": "Too many requests"}}, **headers)


def html(code: int = 502, *, worked: bool = False) -> Plan:
    page = b"<!doctype html><html><title>Bad gateway</title><body>nginx</body></html>"
    return answer(code, page, worked=worked, name=f"html {code}", Content_Type="text/html")


def half_json(*, worked: bool = True) -> Plan:
    def cut(reply: Reply) -> Reply:
        whole = reply.raw() or b'{"generations": [{"generation_id": "'
        return Reply(200, whole[: len(whole) // 2], reply.headers)

    return Plan("half json", worked, cut)


def status_error(*, worked: bool = False) -> Plan:
    return answer(200, {"status": "error"}, worked=worked, name="status error")


def empty_list(*, worked: bool = False) -> Plan:
    return answer(200, {"generations": []}, worked=worked, name="empty list")


def empty_with_error(text: str = "The input image is too small") -> Plan:
    return answer(200, {"generations": [], "error": {"detail": text}}, name="empty with error")


def no_credits() -> Plan:
    return answer(402, {"error": {"message": "Insufficient credits"}}, name="no credits")


def bad_key() -> Plan:
    return answer(401, {"error": {"message": "unauthenticated"}}, name="bad key")


def hang(seconds: float = 0.5, *, worked: bool = False) -> Plan:
    return Plan("hang", worked, way="hang", seconds=seconds)


def reset_before() -> Plan:
    return Plan("reset before", way="reset")


def reset_after() -> Plan:
    return Plan("reset after", True, way="reset")


def lost_unseen() -> Plan:
    """The answer is lost, and the generations have ended before anybody can look for them."""
    return Plan("lost unseen", True, way="reset", unseen=True)


def trickle(seconds: float = 0.01) -> Plan:
    return Plan("trickle", True, way="trickle", seconds=seconds)


def huge(size: int = 64 * 1024 * 1024) -> Plan:
    """The right answer, and that many blanks behind it: still JSON."""
    return Plan("huge", True, padding=size)


def redirect(location: str, code: int = 302) -> Plan:
    return answer(code, b"", name=f"redirect {code}", Location=location)


def more(count: int = 1) -> Plan:
    """More generations made, and told, than were asked for."""
    return Plan("more", True, more=count)


def fewer(count: int = 1) -> Plan:
    """All are made, but that many fewer are told."""

    def drop(reply: Reply) -> Reply:
        kept = reply.body["generations"][: -count or None]
        return replace(reply, body={**reply.body, "generations": kept})

    return Plan("fewer", True, drop)


class Chance:
    """Misbehaves in that share of calls, the same way for the same seed and order of calls."""

    def __init__(self, share: float, seed: int, *, hang_seconds: float = 0.5) -> None:
        self.share = share
        self.random = random.Random(seed)
        anywhere = [
            status(500),
            html(502),
            status(504),
            busy(429),
            busy(503),
            half_json(),
            status_error(),
            reset_before(),
            reset_after(),
            hang(hang_seconds),
        ]
        self.plans = {
            # What has no place in a list: an empty one is the truth in the protocol's own words.
            "enqueue": [
                *anywhere,
                status(500, worked=True),
                status_error(worked=True),
                empty_list(),
                empty_list(worked=True),
                hang(hang_seconds, worked=True),
                lost_unseen(),
            ],
            "": anywhere,
        }

    def pick(self, call: str) -> Plan | None:
        if self.random.random() >= self.share:
            return None
        return self.random.choice(self.plans.get(call, self.plans[""]))
