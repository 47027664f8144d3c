"""The delay before the next attempt grows, is random, and has an upper bound."""

from hypothesis import given, settings
from hypothesis import strategies as st

from queueapp.upstream.retry import backoff

random_numbers = st.floats(0, 1, exclude_max=True)


@settings(deadline=None)
@given(st.integers(-5, 10_000), random_numbers)
def test_a_delay_is_never_longer_than_its_upper_bound(attempt, number):
    delay = backoff(attempt, lambda: number, base=1.0, longest=60.0)
    assert 0 <= delay <= min(60.0, 2.0 ** min(max(attempt, 0), 99))


def test_the_upper_bound_doubles_with_each_failure():
    bounds = [backoff(attempt, lambda: 1.0, base=0.5, longest=10.0) for attempt in range(7)]
    assert bounds == [0.5, 1.0, 2.0, 4.0, 8.0, 10.0, 10.0]
