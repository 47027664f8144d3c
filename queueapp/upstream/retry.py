"""Compute the delay before the next attempt. Randomness is an argument, so that tests can fix it."""

from collections.abc import Callable

#: Seconds: the upper bound of the first delay, and of every delay.
BASE_DELAY, MAX_DELAY = 1.0, 300.0


def backoff(
    attempt: int, random: Callable[[], float], *, base: float = BASE_DELAY, longest: float = MAX_DELAY
) -> float:
    """Return the seconds to wait after the `attempt`-th failure in a row, counted from 0.

    The upper bound is exponential: `base`, then twice as much after each failure, at most `longest`.
    `random` returns numbers from 0 up to 1. The delay is spread over the whole range up to the bound
    ("full jitter"), which resolves contention soonest (AWS Architecture Blog, "Exponential Backoff And
    Jitter").
    """
    return random() * min(longest, base * 2.0 ** min(max(attempt, 0), 60))
