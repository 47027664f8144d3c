"""How often generations at a hub are polled."""

from datetime import timedelta

import pytest
from django.utils import timezone

from queueapp.models import Generation
from queueapp.services.lifecycle import poll_schedule
from queueapp.states import State
from tests import factories


@pytest.mark.parametrize(
    ("media", "age", "seconds"),
    [
        ("image", 1, 2),
        ("image", 35, 3.5),
        ("image", 600, 5),
        ("image", 3601, 20),
        ("video", 1, 10),
        ("video", 200, 20),
        ("video", 3600, 30),
        ("video", 3601, 120),
        ("", 1, 2),
    ],
)
def test_older_generations_are_polled_less_often(media, age, seconds):
    assert poll_schedule.poll_interval(media, age) == seconds


def test_a_generation_is_due_at_its_time_or_without_one(alice):
    now = timezone.now()
    times = {"never polled": None, "past": -1, "within the tolerance": 0.2, "future": 1}
    for name, seconds in times.items():
        generation = factories.generation(alice, State.PROCESSING)
        next_poll_at = None if seconds is None else now + timedelta(seconds=seconds)
        Generation.objects.filter(pk=generation.pk).update(upstream_id=name, next_poll_at=next_poll_at)
    due = Generation.objects.filter(poll_schedule.is_due(now)).values_list("upstream_id", flat=True)
    assert set(due) == {"never polled", "past", "within the tolerance"}
