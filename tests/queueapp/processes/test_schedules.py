"""Schedules of django-q2: what runs by itself, and how often."""

from importlib import import_module

from django_q.models import Schedule

from queueapp.processes import schedules


def test_schedules_are_created_once_and_restored_after_a_change(db):
    schedules.create_schedules()
    Schedule.objects.filter(name=schedules.CHECK_HUBS).update(minutes=999)
    Schedule.objects.filter(name=schedules.CLEAN_UP).delete()
    schedules.create_schedules()
    minutes = dict(Schedule.objects.values_list("name", "minutes"))
    assert minutes == {schedules.START_POLLER: 1, schedules.CHECK_HUBS: 10, schedules.CLEAN_UP: 60}


def test_every_schedule_runs_a_function_that_exists(db):
    schedules.create_schedules()
    for path in Schedule.objects.values_list("func", flat=True):
        module, _, name = path.rpartition(".")
        assert callable(getattr(import_module(module), name))
