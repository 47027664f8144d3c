"""Kinds of timeline events."""

import pytest

from queueapp.models import Event
from queueapp.services.lifecycle.transitions import log_event
from tests import factories


@pytest.mark.parametrize("kind", list(Event.Kind))
def test_an_event_is_shown_by_its_label(alice, kind):
    generation = factories.generation(alice)
    assert log_event(generation, kind, text="Attempt 1.")
    event = generation.events.last()
    event.full_clean()
    assert str(event) == f"{kind.label} Attempt 1."
