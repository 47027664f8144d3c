"""How long to wait, and when not to ask at all. Pure: time and chance are arguments."""

from collections.abc import Callable
from dataclasses import dataclass

from .errors import UpstreamError

#: Seconds: the first wait's upper bound, and the longest.
BASE, LONGEST = 1.0, 300.0


def backoff(
    attempt: int, chance: Callable[[], float], *, base: float = BASE, longest: float = LONGEST
) -> float:
    """Seconds to wait after the `attempt`-th failure in a row (from 0): exponential, with full jitter.

    `chance` gives numbers from 0 up to 1. Full jitter spreads callers over the whole span, which empties a
    crowded line soonest (AWS Architecture Blog, "Exponential Backoff And Jitter").
    """
    return chance() * min(longest, base * 2.0 ** min(max(attempt, 0), 60))


def wait_after(
    error: UpstreamError,
    attempt: int,
    chance: Callable[[], float],
    *,
    base: float = BASE,
    longest: float = LONGEST,
) -> float:
    """Seconds to wait after an error: what the hub asked for, and a little more so that not all come back
    at that very moment; without its word, `backoff`."""
    pause = backoff(attempt, chance, base=base, longest=longest)
    return pause if error.retry_after is None else error.retry_after + min(pause, base)


@dataclass
class Breaker:
    """Keeps a connection from being asked over and over while it only fails.

    Closed: calls go. After `threshold` failures in a row it is open for `rest` seconds: none go. Then it is
    half open: one call goes as a trial, whose outcome closes it or opens it again; a trial whose outcome
    is never told is given up after another `rest`. `now` is any clock in seconds that does not go
    backwards. The fields are all there is, so that a row can keep them.
    """

    threshold: int = 5
    rest: float = 30.0
    failures: int = 0
    shut_until: float | None = None

    def state(self, now: float) -> str:
        """`closed`, `open` or `half-open`."""
        if self.shut_until is None:
            return "closed"
        return "open" if now < self.shut_until else "half-open"

    def allows(self, now: float) -> bool:
        """Whether a call may go. True in the half-open state takes the one trial."""
        state = self.state(now)
        if state == "half-open":
            self.shut_until = now + self.rest
        return state != "open"

    def succeeded(self) -> None:
        """The hub answered as it should; also for answers that refuse what was asked."""
        self.failures, self.shut_until = 0, None

    def failed(self, now: float, retry_after: float | None = None) -> None:
        """A call came to nothing. `retry_after`, in seconds, opens the breaker at once for that long."""
        self.failures += 1
        if retry_after:
            self.shut_until = max(self.shut_until or now, now + retry_after)
        elif self.failures >= self.threshold:
            self.shut_until = max(self.shut_until or now, now + self.rest)
