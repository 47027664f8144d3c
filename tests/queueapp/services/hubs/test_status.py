"""What admins and owners read about a connection."""

from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone

from queueapp.models import Connection
from queueapp.services.hubs import health, status

NOW = datetime(2030, 1, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("fields", "text"),
    [
        ({}, "Works"),
        ({"enabled": False, "stop_reason": "key"}, "Disabled"),
        (
            {"check_requested_at": NOW, "checked_at": NOW - timedelta(hours=1), "stop_reason": "key"},
            "Checking…",
        ),
        (
            {"check_requested_at": NOW - timedelta(hours=1), "checked_at": NOW - timedelta(hours=2)},
            "Check requested, but no worker has answered. Is the worker running?",
        ),
        ({"stop_reason": "key"}, "Stopped: the key is not accepted"),
        (
            {"stop_reason": "credits", "stop_message": "Top up.", "stopped_at": NOW},
            f"Stopped: out of credits: “Top up.” (since {timezone.localtime(NOW):%H:%M:%S})",
        ),
        ({"checked_at": None, "check_requested_at": None, "revision": ""}, "Not checked yet"),
        ({"revision": "", "check_report": "No answer.\nMore."}, "Cannot be used yet: No answer."),
        (
            {
                "retry_at": NOW + timedelta(minutes=1),
                "submit_after": NOW + timedelta(minutes=2),
                "last_error": "No answer.",
            },
            f"Retrying at {timezone.localtime(NOW) + timedelta(minutes=2):%H:%M:%S}: No answer.",
        ),
        ({"retry_at": NOW - timedelta(seconds=1), "last_error": "No answer."}, "Works"),
    ],
)
def test_admins_read_the_status_that_matters_most(oxen, fields, text):
    Connection.objects.filter(pk=oxen.pk).update(**fields)
    oxen.refresh_from_db()
    assert status.describe_status(oxen, NOW) == text


@pytest.mark.parametrize(
    ("fields", "text"),
    [
        ({}, ""),
        ({"enabled": False}, "is disabled"),
        ({"stop_reason": "key"}, "the hub does not accept its key"),
        ({"stop_reason": "credits"}, "Generations that the hub refused have failed."),
        ({"revision": ""}, "cannot be used yet"),
        ({"submit_failures": 1, "last_error": "Busy."}, ""),
        ({"submit_failures": health.FAILING_AFTER, "last_error": "Busy."}, "Busy."),
        ({"consecutive_failures": health.FAILING_AFTER, "last_error": "No answer."}, "No answer."),
    ],
)
def test_owners_read_why_their_generations_wait(oxen, fields, text):
    Connection.objects.filter(pk=oxen.pk).update(**fields)
    oxen.refresh_from_db()
    reason = status.waiting_reason(oxen)
    assert text in reason
    assert bool(text) == bool(reason)


def test_owners_read_what_the_last_attempt_met(oxen):
    assert status.last_submit_error(oxen) == ""
    health.record_submit_failure(oxen, "Busy.")
    assert "Busy." in status.last_submit_error(oxen)
