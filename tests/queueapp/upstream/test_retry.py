"""Waiting grows, is spread by chance, and never outlasts its bound; a failing hub is left in peace."""

from hypothesis import given, settings
from hypothesis import strategies as st

from queueapp.upstream import Breaker, Busy, Unclear, backoff, wait_after

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


@settings(deadline=None)
@given(st.integers(0, 50), chances, st.floats(0, 3600))
def test_what_the_hub_asked_for_is_never_undercut_and_hardly_exceeded(attempt, chance, asked):
    wait = wait_after(Busy("x", retry_after=asked), attempt, lambda: chance)
    assert asked <= wait <= asked + 1.0


def test_without_the_hubs_word_the_wait_is_our_own():
    assert wait_after(Unclear("x"), 3, lambda: 0.5) == 4.0


def test_after_failures_in_a_row_nothing_is_asked_until_the_rest_is_over():
    breaker = Breaker(threshold=3, rest=30.0)
    for _ in range(2):
        breaker.failed(now=0.0)
        assert breaker.allows(now=0.0)
    breaker.failed(now=0.0)
    assert not breaker.allows(now=29.9)
    assert breaker.state(now=29.9) == "open"


def test_after_the_rest_one_trial_goes_and_decides():
    breaker = Breaker(threshold=1, rest=30.0)
    breaker.failed(now=0.0)
    assert breaker.state(now=30.0) == "half-open"
    assert breaker.allows(now=30.0)
    assert not breaker.allows(now=30.1)
    breaker.succeeded()
    assert breaker.state(now=30.1) == "closed"
    assert breaker.allows(now=30.1)


def test_a_failed_trial_opens_it_again():
    breaker = Breaker(threshold=5, rest=30.0, failures=5, shut_until=30.0)
    assert breaker.allows(now=30.0)
    breaker.failed(now=31.0)
    assert not breaker.allows(now=60.9)
    assert breaker.allows(now=61.0)


def test_a_trial_nobody_reported_on_is_given_up():
    breaker = Breaker(threshold=1, rest=30.0)
    breaker.failed(now=0.0)
    assert breaker.allows(now=30.0)
    assert breaker.allows(now=60.0)


def test_a_success_forgets_the_failures_before_it():
    breaker = Breaker(threshold=2)
    breaker.failed(now=0.0)
    breaker.succeeded()
    breaker.failed(now=1.0)
    assert breaker.allows(now=1.0)


def test_a_hub_that_says_when_to_come_back_is_left_alone_until_then():
    breaker = Breaker(threshold=5, rest=30.0)
    breaker.failed(now=0.0, retry_after=100.0)
    assert not breaker.allows(now=99.0)
    assert breaker.allows(now=100.0)


@settings(deadline=None)
@given(st.data())
def test_it_never_stays_shut_for_good(data):
    breaker, now = Breaker(), 0.0
    for happened in data.draw(st.lists(st.sampled_from(["failed", "succeeded", "allows"]), max_size=20)):
        now += data.draw(st.floats(0, 50))
        breaker.succeeded() if happened == "succeeded" else getattr(breaker, happened)(now)
    assert breaker.allows(now + breaker.rest)
