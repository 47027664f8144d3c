from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from queueapp.poller import release
from queueapp.poller.release import WaitingSubmission, choose_submissions
from queueapp.services import coordination, generations
from queueapp.services.lifecycle.transitions import transition
from queueapp.states import State
from tests import factories

sizes = st.lists(st.integers(1, 6), max_size=8)


def line(user: int, *wanted: int):
    return iter([WaitingSubmission(uuid4(), user, size) for size in wanted])


def people(chosen: list[WaitingSubmission]) -> list[int]:
    return [waiting.user_id for waiting in chosen]


def test_people_take_turns_whatever_the_length_of_their_lines():
    chosen = choose_submissions([line(1, 1, 1, 1, 1), line(2, 1), line(3, 1, 1)], capacity=6, busy=0)
    assert people(chosen) == [1, 2, 3, 1, 3, 1]


def test_nothing_goes_when_the_connection_is_full():
    assert choose_submissions([line(1, 1)], capacity=4, busy=4) == []


def test_free_places_are_kept_for_the_one_whose_turn_it_is():
    assert choose_submissions([line(1, 3), line(2, 1)], capacity=4, busy=2) == []


def test_a_submission_larger_than_the_connection_goes_alone_when_nothing_is_at_work():
    assert people(choose_submissions([line(1, 6), line(2, 1)], capacity=4, busy=0)) == [1]
    assert choose_submissions([line(1, 6), line(2, 1)], capacity=4, busy=1) == []


@given(st.lists(sizes, max_size=5), st.integers(1, 8), st.integers(0, 8))
def test_never_more_goes_than_fits_and_something_goes_when_nothing_is_at_work(wanted, capacity, busy):
    lines = [line(user, *theirs) for user, theirs in enumerate(wanted)]
    chosen = choose_submissions(lines, capacity=capacity, busy=busy)
    total = sum(waiting.size for waiting in chosen)
    assert total + busy <= max(capacity, busy) or (busy == 0 and len(chosen) == 1)
    if busy == 0 and any(wanted):
        assert chosen


@given(st.lists(sizes, max_size=5), st.integers(1, 8))
def test_nobody_is_served_twice_more_than_somebody_who_still_waits(wanted, capacity):
    lines = [line(user, *theirs) for user, theirs in enumerate(wanted)]
    served = people(choose_submissions(lines, capacity=capacity, busy=0))
    for user, theirs in enumerate(wanted):
        if served.count(user) < len(theirs):
            assert all(served.count(other) <= served.count(user) + 1 for other in served)


@pytest.fixture
def fence(db) -> int:
    fence = coordination.acquire_lease("test")
    assert fence is not None
    return fence


def states(made) -> list[str]:
    for generation in made:
        generation.refresh_from_db()
    return [generation.state for generation in made]


def test_a_submission_goes_whole_or_waits(alice, fence):
    first = factories.enqueue(alice, count=3)
    second = factories.enqueue(alice, count=2)
    release.release_submissions(factories.builtin(), fence)
    assert states(first) == [State.PROCESSING] * 3
    assert states(second) == [State.QUEUED] * 2


def test_somebody_who_waited_longest_goes_first_next_time(alice, bob, fence):
    hers = [factories.enqueue(alice, count=4) for _ in range(2)]
    his = factories.enqueue(bob, count=4)
    release.release_submissions(factories.builtin(), fence)
    for generation in hers[0]:
        generation.refresh_from_db()
        assert transition(generation, State.FAILED)
    release.release_submissions(factories.builtin(), fence)
    assert states(his) == [State.PROCESSING] * 4
    assert states(hers[1]) == [State.QUEUED] * 4


def test_a_pump_that_lost_its_lease_releases_nothing(alice, fence):
    made = factories.enqueue(alice)
    coordination.release_lease(fence)
    coordination.acquire_lease("another")
    release.release_submissions(factories.builtin(), fence)
    assert states(made) == [State.QUEUED]


def test_what_was_cancelled_while_it_waited_is_not_released(alice, fence):
    made = factories.enqueue(alice, count=2)
    generations.cancel(made[0], alice)
    release.release_submissions(factories.builtin(), fence)
    assert states(made) == [State.CANCELLED, State.PROCESSING]
