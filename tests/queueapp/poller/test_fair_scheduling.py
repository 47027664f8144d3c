"""Which waiting submissions go next: fair by user, whole, and never more than fits."""

from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from queueapp.poller.fair_scheduling import WaitingSubmission, choose_submissions, release_submissions
from queueapp.services import coordination, generations
from queueapp.services.lifecycle.transitions import transition
from queueapp.states import State
from tests import factories
from tests.queueapp.poller.conftest import states

queue_sizes = st.lists(st.integers(1, 6), max_size=8)


def queue(user_id: int, *sizes: int):
    return iter([WaitingSubmission(uuid4(), user_id, size) for size in sizes])


def users(chosen: list[WaitingSubmission]) -> list[int]:
    return [submission.user_id for submission in chosen]


def test_users_take_turns_however_long_their_queues_are():
    queues = [queue(1, 1, 1, 1, 1), queue(2, 1), queue(3, 1, 1)]
    assert users(choose_submissions(queues, capacity=6, running=0)) == [1, 2, 3, 1, 3, 1]


def test_nothing_is_released_to_a_full_connection():
    assert choose_submissions([queue(1, 1)], capacity=4, running=4) == []


def test_free_capacity_is_reserved_for_the_user_whose_turn_it_is():
    assert choose_submissions([queue(1, 3), queue(2, 1)], capacity=4, running=2) == []


def test_a_submission_larger_than_the_capacity_goes_alone_when_nothing_is_running():
    assert users(choose_submissions([queue(1, 6), queue(2, 1)], capacity=4, running=0)) == [1]
    assert choose_submissions([queue(1, 6), queue(2, 1)], capacity=4, running=1) == []


@given(st.lists(queue_sizes, max_size=5), st.integers(1, 8), st.integers(0, 8))
def test_never_more_is_released_than_fits_and_something_when_nothing_is_running(sizes, capacity, running):
    queues = [queue(user_id, *own) for user_id, own in enumerate(sizes)]
    chosen = choose_submissions(queues, capacity=capacity, running=running)
    total = sum(submission.size for submission in chosen)
    assert total + running <= max(capacity, running) or (running == 0 and len(chosen) == 1)
    if running == 0 and any(sizes):
        assert chosen


@given(st.lists(queue_sizes, max_size=5), st.integers(1, 8))
def test_no_user_is_two_turns_ahead_of_one_who_still_waits(sizes, capacity):
    queues = [queue(user_id, *own) for user_id, own in enumerate(sizes)]
    served = users(choose_submissions(queues, capacity=capacity, running=0))
    for user_id, own in enumerate(sizes):
        if served.count(user_id) < len(own):
            assert all(served.count(other) <= served.count(user_id) + 1 for other in served)


@pytest.fixture
def fence(db) -> int:
    fence = coordination.acquire_lease("test")
    assert fence is not None
    return fence


def test_a_submission_is_released_as_a_whole_or_waits(alice, fence):
    first = factories.enqueue(alice, count=3)
    second = factories.enqueue(alice, count=2)
    release_submissions(factories.builtin(), fence)
    assert states(*first) == [State.PROCESSING] * 3
    assert states(*second) == [State.QUEUED] * 2


def test_the_user_who_waited_longest_is_served_first_next_time(alice, bob, fence):
    alices = [factories.enqueue(alice, count=4) for _ in range(2)]
    bobs = factories.enqueue(bob, count=4)
    release_submissions(factories.builtin(), fence)
    for generation in alices[0]:
        generation.refresh_from_db()
        assert transition(generation, State.FAILED)
    release_submissions(factories.builtin(), fence)
    assert states(*bobs) == [State.PROCESSING] * 4
    assert states(*alices[1]) == [State.QUEUED] * 4


def test_a_poller_that_lost_its_lease_releases_nothing(alice, fence):
    waiting = factories.enqueue(alice)
    coordination.release_lease(fence)
    coordination.acquire_lease("another")
    release_submissions(factories.builtin(), fence)
    assert states(*waiting) == [State.QUEUED]


def test_a_cancelled_generation_is_not_released(alice, fence):
    first, second = factories.enqueue(alice, count=2)
    generations.cancel(first, alice)
    release_submissions(factories.builtin(), fence)
    assert states(first, second) == [State.CANCELLED, State.PROCESSING]
