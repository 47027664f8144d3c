"""How long to wait, and when not to ask at all. Pure: time and chance are arguments."""

from collections.abc import Callable

#: Seconds: the first wait's upper bound, and the longest.
BASE_DELAY, MAX_DELAY = 1.0, 300.0


def backoff(
    attempt: int, chance: Callable[[], float], *, base: float = BASE_DELAY, longest: float = MAX_DELAY
) -> float:
    """Seconds to wait after the `attempt`-th failure in a row (from 0): exponential, with full jitter.

    `chance` gives numbers from 0 up to 1. Full jitter spreads callers over the whole span, which empties a
    crowded line soonest (AWS Architecture Blog, "Exponential Backoff And Jitter").
    """
    return chance() * min(longest, base * 2.0 ** min(max(attempt, 0), 60))
