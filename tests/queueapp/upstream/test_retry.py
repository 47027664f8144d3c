"""Waiting grows, is spread by chance, and never outlasts its bound."""

from hypothesis import given, settings
from hypothesis import strategies as st

from queueapp.upstream.retry import backoff

chances = st.floats(0, 1, exclude_max=True)


@settings(deadline=None)
@given(st.integers(-5, 10_000), chances)
def test_a_wait_is_between_nothing_and_its_bound(attempt, chance):
    assert (
        0
        <= backoff(attempt, lambda: chance, base=1.0, longest=60.0)
        <= min(60.0, 2.0 ** min(max(attempt, 0), 99))
    )


def test_the_bound_doubles_with_each_failure():
    bounds = [backoff(attempt, lambda: 1.0, base=0.5, longest=10.0) for attempt in range(7)]
    assert bounds == [0.5, 1.0, 2.0, 4.0, 8.0, 10.0, 10.0]
