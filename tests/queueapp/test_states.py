"""The tables of states, transitions and texts agree with each other."""

from queueapp.models import Generation
from queueapp.states import (
    API_STATUS,
    ENDED,
    LIVE,
    STATE_GROUPS,
    STATE_TEXTS,
    TRANSITIONS,
    EndReason,
    State,
    states_before,
)


def test_every_state_is_either_live_or_ended():
    assert set(LIVE) | set(ENDED) == set(State)
    assert not set(LIVE) & set(ENDED)


def test_every_live_state_can_expire():
    assert set(states_before(State.EXPIRED)) == set(LIVE)


def test_only_a_finished_generation_can_still_change_after_its_end():
    changeable = {state: TRANSITIONS[state] for state in ENDED if TRANSITIONS[state]}
    assert changeable == {State.FINISHED: frozenset({State.SUCCEEDED, State.FAILED})}


def test_an_uncertain_generation_is_never_sent_again_by_itself():
    assert State.QUEUED not in TRANSITIONS[State.UNCERTAIN]
    assert State.SUBMITTING not in TRANSITIONS[State.UNCERTAIN]


def test_every_state_has_a_text_an_api_status_and_one_filter():
    assert set(STATE_TEXTS) == set(API_STATUS) == set(State)
    assert sorted(state for group in STATE_GROUPS for state in group.states) == sorted(State)


def test_every_reason_is_stored_whole():
    longest = Generation._meta.get_field("reason").max_length
    assert all(len(reason) <= longest for reason in EndReason)
