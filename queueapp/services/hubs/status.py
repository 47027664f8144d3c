"""Describe the state of a connection in words: for admins, and for people whose generations wait."""

from datetime import datetime

from django.utils import timezone

from queueapp.models import Connection
from queueapp.services.hubs import checks, health

_STOP_EXPLANATIONS = {
    Connection.StopReason.KEY: "the hub does not accept its key.",
    Connection.StopReason.CREDITS: (
        "its account is out of credits. Generations that the hub refused have failed."
    ),
}


def describe_status(connection: Connection, now: datetime) -> str:
    """Return the status of a connection for admins."""
    if not connection.enabled:
        return "Disabled"
    if checks.is_check_running(connection, now):
        return "Checking…"
    if checks.is_check_pending(connection):
        return "Check requested, but no worker has answered. Is the worker running?"
    if connection.stop_reason:
        return _describe_stop(connection)
    if not health.is_configured(connection):
        return _describe_missing_setup(connection)
    retry_at = max(filter(None, (connection.retry_at, connection.submit_after)), default=now)
    if retry_at > now:
        return f"Retrying at {_time_of_day(retry_at)}: {connection.last_error}"
    return "Works"


def _describe_stop(connection: Connection) -> str:
    status = str(connection.get_stop_reason_display())
    if connection.stop_message:
        status += f": “{connection.stop_message}”"
    if connection.stopped_at:
        status += f" (since {_time_of_day(connection.stopped_at)})"
    return status


def _describe_missing_setup(connection: Connection) -> str:
    if not connection.checked_at:
        return "Not checked yet"
    most_important = connection.check_report.partition("\n")[0]
    return f"Cannot be used yet: {most_important}"


def _time_of_day(at: datetime) -> str:
    return f"{timezone.localtime(at):%H:%M:%S}"


def waiting_reason(connection: Connection) -> str:
    """Return why a connection's generations wait, for their owners; empty for a healthy connection."""
    name = f"The connection {connection.name}"
    until_resolved = "Waiting generations stay in the queue until an admin resolves this."
    if not connection.enabled:
        return f"{name} is disabled. Waiting generations stay in the queue."
    if connection.stop_reason:
        explanation = _STOP_EXPLANATIONS[Connection.StopReason(connection.stop_reason)]
        return f"{name} is stopped: {explanation} {until_resolved}"
    if not health.is_configured(connection):
        return f"{name} cannot be used yet. {until_resolved}"
    if health.is_failing(connection):
        return f"{name} is failing and Drover keeps retrying: {connection.last_error}"
    return ""


def last_submit_error(connection: Connection) -> str:
    """Return why the last attempt to send to a connection failed, for owners; empty if it succeeded."""
    if not (connection.consecutive_failures or connection.submit_failures):
        return ""
    return f"Sending to {connection.name} failed and Drover keeps retrying: {connection.last_error}"
