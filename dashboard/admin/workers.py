"""Who does the work, the task queue under it, and who tried to sign in."""

from typing import Any

from axes.admin import AccessAttemptAdmin, AccessLogAdmin
from axes.models import AccessAttempt, AccessFailureLog, AccessLog
from django.contrib import admin
from django.http import HttpRequest
from django_q import admin as django_q_admin
from django_q.models import Failure, OrmQ, Schedule, Success

from dashboard.admin.base import ModelAdmin, NoAdd, ReadOnly, SuperusersOnly
from queueapp.models import Heartbeat, Lease

# Failures are counted in the attempts; their own log is switched off and always empty.
admin.site.unregister([Schedule, Success, Failure, OrmQ, AccessAttempt, AccessLog, AccessFailureLog])


@admin.register(Lease)
class LeaseAdmin(ReadOnly, ModelAdmin[Lease]):
    list_display = ("name", "holder", "fence", "expires_at", "wakeups", "stop_requested_until")


@admin.register(Heartbeat)
class HeartbeatAdmin(ReadOnly, ModelAdmin[Heartbeat]):
    list_display = ("name", "at")


# A schedule or a queued task names any function to be called with any arguments: whoever may write one
# may do everything, so no permission short of a superuser's opens these.


@admin.register(Schedule)
class ScheduleAdmin(SuperusersOnly, django_q_admin.ScheduleAdmin):  # type: ignore[misc]
    list_filter = ("schedule_type", "cluster")


@admin.register(Success)
class SuccessAdmin(SuperusersOnly, django_q_admin.TaskAdmin):  # type: ignore[misc]
    show_full_result_count = False


@admin.register(Failure)
class FailureAdmin(SuperusersOnly, django_q_admin.FailAdmin):  # type: ignore[misc]
    show_full_result_count = False


@admin.register(OrmQ)
class QueueAdmin(SuperusersOnly, django_q_admin.QueueAdmin):  # type: ignore[misc]
    """Tasks that no worker has taken up yet."""


@admin.register(AccessAttempt)
class AttemptAdmin(NoAdd, AccessAttemptAdmin):  # type: ignore[misc]
    """Wrong sign-ins. Deleting somebody's lets them try again before the time is over."""

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(AccessLog)
class LogAdmin(ReadOnly, AccessLogAdmin):  # type: ignore[misc]
    """Who signed in from where."""
