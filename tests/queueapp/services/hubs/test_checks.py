"""When a hub is checked and synced by itself."""

from datetime import timedelta

from django.utils import timezone
from django_q.models import OrmQ

from queueapp.models import Connection
from queueapp.services.hubs import checks, health, model_sync


def test_pressing_check_again_and_again_runs_one_check(oxen, django_capture_on_commit_callbacks):
    OrmQ.objects.all().delete()
    with django_capture_on_commit_callbacks(execute=True):
        for _ in range(5):
            checks.request_check(oxen)
    assert OrmQ.objects.count() == 1


def test_a_check_that_no_worker_ran_is_due_again(oxen):
    checks.request_check(oxen)
    assert oxen not in checks.due_checks(timezone.now())
    assert oxen in checks.due_checks(timezone.now() + checks.CHECK_TIMEOUT * 2)


def test_a_check_that_no_worker_ran_can_be_requested_again(oxen, django_capture_on_commit_callbacks):
    OrmQ.objects.all().delete()
    checks.request_check(oxen)
    long_ago = timezone.now() - checks.CHECK_TIMEOUT * 2
    Connection.objects.filter(pk=oxen.pk).update(check_requested_at=long_ago, checked_at=None)
    with django_capture_on_commit_callbacks(execute=True):
        checks.request_check(oxen)
    assert OrmQ.objects.count() == 1


def test_a_healthy_hub_is_not_checked_by_itself(oxen):
    assert oxen not in checks.due_checks(timezone.now())


def test_a_stopped_hub_is_checked_by_itself_unless_it_is_disabled(oxen):
    health.stop(oxen, Connection.StopReason.KEY, "unauthenticated")
    assert oxen in checks.due_checks(timezone.now())
    Connection.objects.filter(pk=oxen.pk).update(enabled=False)
    assert oxen not in checks.due_checks(timezone.now())


def test_a_failing_hub_is_checked_by_itself(oxen):
    for _ in range(health.FAILING_AFTER):
        assert oxen not in checks.due_checks(timezone.now())
        health.record_submit_failure(oxen, "No answer.")
    assert oxen in checks.due_checks(timezone.now())


def test_models_are_synced_every_hour(oxen):
    now = timezone.now()
    assert oxen not in model_sync.due_syncs(now)
    assert oxen in model_sync.due_syncs(now + timedelta(hours=2))
