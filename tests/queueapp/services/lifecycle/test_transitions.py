"""Transitions: what is legal, who wins, and what is recorded of each change."""

import pytest
from django.db import IntegrityError, transaction

from queueapp.models import Event, Generation, Namespace
from queueapp.services.lifecycle.transitions import bump_version, log_event, transition
from queueapp.states import ENDED, LIVE, TRANSITIONS, State
from tests import factories

ILLEGAL = [(state, to) for state in State for to in State if to not in TRANSITIONS[state]]


@pytest.mark.parametrize(("state", "to"), ILLEGAL, ids=lambda state: state.value)
def test_an_illegal_transition_changes_nothing(alice, state, to):
    generation = factories.generation(alice, state)
    events = generation.events.count()
    version = Namespace.objects.get(owner=alice).version
    assert not transition(generation, to)
    generation.refresh_from_db()
    assert generation.state == state
    assert generation.events.count() == events
    assert Namespace.objects.get(owner=alice).version == version


def test_only_one_of_two_concurrent_transitions_succeeds(alice):
    generation = factories.generation(alice)
    same = Generation.objects.get(pk=generation.pk)
    assert transition(generation, State.CANCELLED)
    assert not transition(same, State.CANCELLED)
    assert generation.events.filter(state=State.CANCELLED).count() == 1


def test_every_change_increments_the_version_of_the_namespace(alice):
    generation = factories.generation(alice)
    before = generation.version
    transition(generation, State.SUBMITTING)
    log_event(generation, Event.Kind.COST_RECORDED)
    bump_version(generation)
    generation.refresh_from_db()
    assert generation.version == before + 3
    assert Namespace.objects.get(owner=alice).version == generation.version


def test_every_transition_is_a_line_in_the_timeline(alice):
    generation = factories.generation(alice, State.FAILED)
    events = list(Event.objects.filter(generation=generation).values_list("kind", "state"))
    states = ["queued", "submitting", "processing", "failed"]
    assert events == [(Event.Kind.STATE_CHANGED, state) for state in states]


def test_long_error_texts_of_a_hub_are_cut_to_fit(alice):
    generation = factories.generation(alice, State.PROCESSING)
    assert transition(generation, State.FAILED, reason="r" * 600, category="c" * 40, text="t" * 600)
    generation.refresh_from_db()
    assert (len(generation.reason), len(generation.category)) == (500, 30)
    assert len(generation.events.last().text) == 500


@pytest.mark.parametrize("state", list(State))
def test_a_generation_has_an_end_time_if_and_only_if_it_has_ended(alice, state):
    generation = factories.generation(alice, state)
    assert (generation.ended_at is None) == (state in LIVE)
    assert (generation.ended_at is not None) == (state in ENDED)


def test_the_database_rejects_an_ended_generation_without_an_end_time(alice):
    generation = factories.generation(alice)
    with pytest.raises(IntegrityError), transaction.atomic():
        Generation.objects.filter(pk=generation.pk).update(state=State.FAILED)
