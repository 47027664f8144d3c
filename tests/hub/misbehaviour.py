"""Plans by which the stand-in hub, or a proxy before it, fails.

A plan is for one call. If it `worked`, the hub did what was requested, and then the response was altered or
lost. Else the request did not reach the hub.
"""

import json
import random
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any


@dataclass
class Reply:
    """A response before it is sent. `body` is bytes, or a value that is sent as JSON."""

    status: int = 200
    body: Any = b""
    headers: dict[str, str] = field(default_factory=dict)

    def raw(self) -> bytes:
        return self.body if isinstance(self.body, bytes) else json.dumps(self.body).encode()


@dataclass(frozen=True)
class Plan:
    """How one call fails.

    `spoil` changes the correct reply (an empty one unless `worked`) into the one that is sent. `delivery`
    is how it is sent: `answer` at once, `reset` (the connection is reset without a response), `trickle`
    (byte by byte, `seconds` apart) or `hang` (a reset after `seconds`).
    """

    name: str
    worked: bool = False
    spoil: Callable[[Reply], Reply] = lambda reply: reply
    delivery: str = "answer"
    seconds: float = 0.0
    #: The generations end before any list contains them.
    ends_unseen: bool = False
    #: Generations created beyond those requested.
    extra: int = 0
    #: Bytes of blanks after the body.
    padding: int = 0


def answer(status: int, body: Any = b"", *, worked: bool = False, name: str = "", **headers: str) -> Plan:
    """Send any response. Headers are keywords, with `_` for `-`."""
    named = {key.replace("_", "-"): value for key, value in headers.items()}
    return Plan(name or f"status {status}", worked, lambda _: Reply(status, body, dict(named)))


def status(code: int, *, worked: bool = False) -> Plan:
    return answer(code, {"error": {"message": f"made-up {code}"}}, worked=worked)


def busy(code: int = 429, retry_after: str | None = "1") -> Plan:
    headers = {} if retry_after is None else {"Retry_After": retry_after}
    return answer(code, {"error": {"title": "Too many requests"}}, **headers)


def html(code: int = 502, *, worked: bool = False) -> Plan:
    """Send a proxy's error page."""
    page = b"<!doctype html><html><title>Bad gateway</title><body>nginx</body></html>"
    return answer(code, page, worked=worked, name=f"html {code}", Content_Type="text/html")


def half_json(*, worked: bool = True) -> Plan:
    """Send the first half of the body."""

    def cut(reply: Reply) -> Reply:
        body = reply.raw() or b'{"generations": [{"generation_id": "'
        return Reply(200, body[: len(body) // 2], reply.headers)

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
    """Send nothing for some seconds, then reset the connection."""
    return Plan("hang", worked, delivery="hang", seconds=seconds)


def reset_before() -> Plan:
    """Reset the connection before the hub does anything."""
    return Plan("reset before", delivery="reset")


def reset_after() -> Plan:
    """Do what was requested, then reset the connection."""
    return Plan("reset after", True, delivery="reset")


def lost_unseen() -> Plan:
    """Lose the response, and end the generations before any list contains them."""
    return Plan("lost unseen", True, delivery="reset", ends_unseen=True)


def trickle(seconds: float = 0.01) -> Plan:
    """Send the correct response byte by byte."""
    return Plan("trickle", True, delivery="trickle", seconds=seconds)


def huge(size: int = 64 * 1024 * 1024) -> Plan:
    """Send the correct response and `size` blanks, which is still valid JSON."""
    return Plan("huge", True, padding=size)


def redirect(location: str, code: int = 302) -> Plan:
    return answer(code, b"", name=f"redirect {code}", Location=location)


def more(count: int = 1) -> Plan:
    """Create and return more generations than requested."""
    return Plan("more", True, extra=count)


def fewer(count: int = 1) -> Plan:
    """Create all generations, but return fewer of them."""

    def drop(reply: Reply) -> Reply:
        returned = reply.body["generations"][: -count or None]
        return replace(reply, body={**reply.body, "generations": returned})

    return Plan("fewer", True, drop)


class Chance:
    """Picks a plan for a share of the calls, always the same for the same seed and order of calls."""

    def __init__(self, share: float, seed: int, *, hang_seconds: float = 0.5) -> None:
        self.share = share
        self.random = random.Random(seed)
        any_call = [
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
        #: By call; "" is for all others.
        self.plans = {
            # An empty list is a failure of an enqueue, but would be a correct response to a list call.
            "enqueue": [
                *any_call,
                status(500, worked=True),
                status_error(worked=True),
                empty_list(),
                empty_list(worked=True),
                hang(hang_seconds, worked=True),
                lost_unseen(),
            ],
            "": any_call,
        }

    def pick(self, call: str) -> Plan | None:
        if self.random.random() >= self.share:
            return None
        return self.random.choice(self.plans.get(call, self.plans[""]))
