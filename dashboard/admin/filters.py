"""Filters for the lists of the admin. Each is a yes/no question about a row."""

from datetime import timedelta
from typing import Any

from django.contrib import admin
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.db.models.fields.related import RelatedField
from django.http import HttpRequest
from django.utils import timezone

from queueapp.models import Generation, Submission
from queueapp.states import UNSUCCESSFUL


class QuestionFilter(admin.SimpleListFilter):
    """A filter with one choice: show only the rows for which `condition` holds."""

    template = "admin/queueapp/question.html"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("yes", "Yes")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.filter(self.condition()) if self.value() == "yes" else queryset

    def condition(self) -> Q:
        raise NotImplementedError


class WaitingLong(QuestionFilter):
    title = "Waiting longer than 10 minutes?"
    parameter_name = "waiting_long"

    def condition(self) -> Q:
        before = timezone.now() - timedelta(minutes=10)
        return Q(ended_at=None, released_at=None, enqueued_at__lt=before)


class RunningLong(QuestionFilter):
    title = "Running longer than an hour?"
    parameter_name = "running_long"

    def condition(self) -> Q:
        return Q(ended_at=None, released_at__lt=timezone.now() - timedelta(hours=1))


class FailedRecently(QuestionFilter):
    title = "Failed in the last day?"
    parameter_name = "failed_recently"

    def condition(self) -> Q:
        return Q(state__in=UNSUCCESSFUL, ended_at__gt=timezone.now() - timedelta(days=1))


class CancelUnanswered(QuestionFilter):
    title = "Cancel requested but not answered?"
    parameter_name = "cancel_unanswered"

    def condition(self) -> Q:
        return Q(ended_at=None, cancel_requested_at__isnull=False)


class HasActiveGenerations(QuestionFilter):
    title = "Has active generations?"
    parameter_name = "active"

    def condition(self) -> Q:
        # Starts from the few active generations instead of looking at each submission.
        return Q(pk__in=Generation.objects.live().values("submission"))


class IsValid(QuestionFilter):
    title = "Valid?"
    parameter_name = "valid"

    def condition(self) -> Q:
        return Q(revoked_at=None, owner__is_active=True)


class NeverUsed(QuestionFilter):
    title = "Never used?"
    parameter_name = "unused"

    def condition(self) -> Q:
        return Q(last_used_at=None)


class HasSubmitted(QuestionFilter):
    title = "Has ever submitted?"
    parameter_name = "submitted"

    def condition(self) -> Q:
        return Q(Exists(Submission.objects.filter(user=OuterRef("pk"))))


class InUseFilter(admin.RelatedFieldListFilter):
    """Offers the related rows that occur in the list.

    It makes one index lookup for each related row. Django's RelatedOnlyFieldListFilter reads the whole list
    instead, which takes longer the longer the history is.
    """

    def field_choices(
        self, field: "RelatedField[Any, Any]", request: HttpRequest, model_admin: "admin.ModelAdmin[Any]"
    ) -> Any:
        rows: Any = model_admin.model._default_manager
        used = Exists(rows.filter(**{field.name: OuterRef("pk")}))
        ordering = self.field_admin_ordering(field, request, model_admin)
        return field.get_choices(include_blank=False, ordering=ordering, limit_choices_to=Q(used))
