"""Show workers, django-q2's tables and sign-in attempts."""

from typing import Any

from axes.admin import AccessAttemptAdmin, AccessLogAdmin
from axes.models import AccessAttempt, AccessFailureLog, AccessLog
from django.contrib import admin
from django.http import HttpRequest
from django_q import admin as django_q_admin
from django_q.models import Failure, OrmQ, Schedule, Success

from dashboard.admin.base import ModelAdmin, NoAddMixin, ReadOnlyMixin, SuperusersOnlyMixin
from queueapp.models import Heartbeat, Lease

# AccessFailureLog has no page: its log is switched off and always empty. AccessAttempt counts the failures.
admin.site.unregister([Schedule, Success, Failure, OrmQ, AccessAttempt, AccessLog, AccessFailureLog])


@admin.register(Lease)
class LeaseAdmin(ReadOnlyMixin, ModelAdmin[Lease]):
    list_display = ("name", "holder", "fence", "expires_at", "wakeups", "stop_requested_until")


@admin.register(Heartbeat)
class HeartbeatAdmin(ReadOnlyMixin, ModelAdmin[Heartbeat]):
    list_display = ("name", "at")


# A schedule or a queued task can call any function with any arguments. A user who may write one can do
# everything, so these are for superusers only.


@admin.register(Schedule)
class ScheduleAdmin(SuperusersOnlyMixin, django_q_admin.ScheduleAdmin):  # type: ignore[misc]
    list_filter = ("schedule_type", "cluster")


@admin.register(Success)
class SuccessAdmin(SuperusersOnlyMixin, django_q_admin.TaskAdmin):  # type: ignore[misc]
    show_full_result_count = False


@admin.register(Failure)
class FailureAdmin(SuperusersOnlyMixin, django_q_admin.FailAdmin):  # type: ignore[misc]
    show_full_result_count = False


@admin.register(OrmQ)
class QueueAdmin(SuperusersOnlyMixin, django_q_admin.QueueAdmin):  # type: ignore[misc]
    """Tasks that wait for a worker."""


@admin.register(AccessAttempt)
class AttemptAdmin(NoAddMixin, AccessAttemptAdmin):  # type: ignore[misc]
    """Failed sign-ins. Deleting an attempt unlocks the user at once."""

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(AccessLog)
class LogAdmin(ReadOnlyMixin, AccessLogAdmin):  # type: ignore[misc]
    """Sign-ins and their addresses."""
