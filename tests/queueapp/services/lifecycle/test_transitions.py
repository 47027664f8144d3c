import pytest
from django.db import IntegrityError, transaction

from queueapp.models import Event, Generation, Namespace
from queueapp.services.lifecycle.transitions import log_event, transition
from queueapp.states import ENDED, LIVE, TRANSITIONS, State
from tests import factories

ILLEGAL = [(state, to) for state in State for to in State if to not in TRANSITIONS[state]]


@pytest.mark.parametrize(("state", "to"), ILLEGAL, ids=lambda state: state.value)
def test_a_move_that_is_not_in_the_table_changes_nothing(alice, state, to):
    generation = factories.generation(alice, state)
    events = generation.events.count()
    assert not transition(generation, to)
    generation.refresh_from_db()
    assert generation.state == state
    assert generation.events.count() == events


def test_of_two_who_move_a_generation_one_wins(alice):
    generation = factories.generation(alice)
    same = Generation.objects.get(pk=generation.pk)
    assert transition(generation, State.CANCELLED)
    assert not transition(same, State.CANCELLED)


def test_every_change_gets_a_higher_version_of_its_namespace(alice):
    generation = factories.generation(alice)
    before = generation.version
    transition(generation, State.SUBMITTING)
    log_event(generation, "said something")
    generation.refresh_from_db()
    assert generation.version == before + 2
    assert Namespace.objects.get(owner=alice).version == generation.version


def test_each_move_is_a_line_in_the_timeline(alice):
    generation = factories.generation(alice, State.FAILED)
    told = list(Event.objects.filter(generation=generation).values_list("state", flat=True))
    assert told == ["queued", "submitting", "processing", "failed"]


@pytest.mark.parametrize("state", list(State))
def test_a_generation_has_an_end_when_it_has_ended_and_not_before(alice, state):
    generation = factories.generation(alice, state)
    assert (generation.ended_at is None) == (state in LIVE)
    assert (generation.ended_at is not None) == (state in ENDED)


def test_the_database_itself_refuses_an_ended_generation_without_an_end(alice):
    generation = factories.generation(alice)
    with pytest.raises(IntegrityError), transaction.atomic():
        Generation.objects.filter(pk=generation.pk).update(state=State.FAILED)
