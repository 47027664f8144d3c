from queueapp.states import ENDED, LIVE, STATE_GROUPS, STATE_TEXTS, TRANSITIONS, State, states_before


def test_every_state_is_either_live_or_ended():
    assert set(LIVE) | set(ENDED) == set(State)
    assert not set(LIVE) & set(ENDED)


def test_every_live_state_can_expire():
    assert set(states_before(State.EXPIRED)) == set(LIVE)


def test_what_has_ended_stays_ended_but_for_an_outcome_that_is_told_late():
    moves_on = {state: TRANSITIONS[state] for state in ENDED if TRANSITIONS[state]}
    assert moves_on == {State.FINISHED: frozenset({State.SUCCEEDED, State.FAILED})}


def test_nothing_uncertain_is_ever_sent_again_by_itself():
    assert State.QUEUED not in TRANSITIONS[State.UNCERTAIN]
    assert State.SUBMITTING not in TRANSITIONS[State.UNCERTAIN]


def test_every_state_has_words_and_stands_in_one_filter():
    assert set(STATE_TEXTS) == set(State)
    assert sorted(state for group in STATE_GROUPS for state in group.states) == sorted(State)
