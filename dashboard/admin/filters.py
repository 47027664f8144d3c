"""Filters of the admin's lists, named by the question they answer."""

from datetime import timedelta
from typing import Any

from django.contrib import admin
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.db.models.fields.related import RelatedField
from django.http import HttpRequest
from django.utils import timezone

from queueapp.models import Generation, Submission
from queueapp.states import UNSUCCESSFUL


class Question(admin.SimpleListFilter):
    """A question that is asked of a list or left alone; asked, the list shows the rows it is true of."""

    template = "admin/queueapp/question.html"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("yes", "Yes")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.filter(self.answer()) if self.value() == "yes" else queryset

    def answer(self) -> Q:
        raise NotImplementedError


class WaitingLong(Question):
    title = "Waiting longer than 10 minutes?"
    parameter_name = "waiting_long"

    def answer(self) -> Q:
        before = timezone.now() - timedelta(minutes=10)
        return Q(ended_at=None, released_at=None, enqueued_at__lt=before)


class RunningLong(Question):
    title = "Running longer than an hour?"
    parameter_name = "running_long"

    def answer(self) -> Q:
        return Q(ended_at=None, released_at__lt=timezone.now() - timedelta(hours=1))


class EndedBadly(Question):
    title = "Ended badly in the last day?"
    parameter_name = "ended_badly"

    def answer(self) -> Q:
        return Q(state__in=UNSUCCESSFUL, ended_at__gt=timezone.now() - timedelta(days=1))


class CancelUnanswered(Question):
    title = "Cancel asked but not answered?"
    parameter_name = "cancel_unanswered"

    def answer(self) -> Q:
        return Q(ended_at=None, cancel_requested_at__isnull=False)


class StillGoing(Question):
    title = "Still going?"
    parameter_name = "going"

    def answer(self) -> Q:
        # Asked of the few that are live, not of each submission.
        live = Generation.objects.live().values("submission")
        return Q(pk__in=live)


class StillValid(Question):
    title = "Still valid?"
    parameter_name = "valid"

    def answer(self) -> Q:
        return Q(revoked_at=None, owner__is_active=True)


class NeverUsed(Question):
    title = "Never used?"
    parameter_name = "unused"

    def answer(self) -> Q:
        return Q(last_used_at=None)


class HasSubmitted(Question):
    title = "Has ever submitted?"
    parameter_name = "submitted"

    def answer(self) -> Q:
        return Q(Exists(Submission.objects.filter(user=OuterRef("pk"))))


class InUse(admin.RelatedFieldListFilter):
    """The related rows that this list has any of.

    Asked of the related table, a seek in an index for each row of it, so that the price does not grow
    with the history as that of Django's own RelatedOnlyFieldListFilter does.
    """

    def field_choices(
        self, field: "RelatedField[Any, Any]", request: HttpRequest, model_admin: "admin.ModelAdmin[Any]"
    ) -> Any:
        rows: Any = model_admin.model._default_manager
        used = Exists(rows.filter(**{field.name: OuterRef("pk")}))
        ordering = self.field_admin_ordering(field, request, model_admin)
        return field.get_choices(include_blank=False, ordering=ordering, limit_choices_to=Q(used))
