"""Submissions, with what becomes of each."""

from collections import Counter
from typing import Any
from uuid import UUID

from django.contrib import admin
from django.db.models import Prefetch, Q, QuerySet
from django.db.models.functions import Left
from django.http import HttpRequest
from django.utils.safestring import SafeString

from dashboard.admin.base import FindsById, ModelAdmin, ReadOnly, TabularInline, link_to, pretty
from dashboard.admin.filters import InUse, StillGoing
from dashboard.admin.progress import NO_PROMPT, PROMPT, CancelsGenerations, pace_of, state_word
from queueapp.models import Generation, Submission


class Outputs(ReadOnly, TabularInline[Generation, Submission]):
    """What becomes of a submission."""

    model = Generation
    show_change_link = True
    fields = readonly_fields = ("state_", "pace", "reason")
    ordering = ("ordinal",)

    @admin.display(description="state")
    def state_(self, generation: Generation) -> str:
        return state_word(generation)

    @admin.display(description="time")
    def pace(self, generation: Generation) -> str:
        return pace_of(generation)


@admin.register(Submission)
class SubmissionAdmin(CancelsGenerations, FindsById, ReadOnly, ModelAdmin[Submission]):
    list_display = ("prompt_", "model_name", "states", "user", "source", "created_at")
    list_display_links = ("prompt_",)
    list_filter = (StillGoing, "source", ("user", InUse), ("model", InUse))
    list_select_related = ("user",)
    search_fields = ("prompt", "id__startswith", "user__username", "model_name")
    search_help_text = "Prompt, id or its beginning, whole id of a generation, person, model"
    ordering = ("-created_at", "-id")
    show_full_result_count = False
    show_facets = admin.ShowFacets.NEVER
    list_per_page = 50
    actions = ("cancel",)
    inlines = (Outputs,)
    fieldsets = (
        (None, {"fields": ("prompt", "model_name", "model_", "num_generations", "created_at")}),
        ("From", {"fields": ("user_", "source", "token_", "namespace_", "target_namespace")}),
        ("Parameters", {"fields": ("params_",)}),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Submission]:
        states = Generation.objects.only("submission_id", "state", "cancel_requested_at").order_by("ordinal")
        return (
            super()
            .get_queryset(request)
            .annotate(prompt_start=Left("prompt", PROMPT))
            .defer("prompt", "params")
            .prefetch_related(Prefetch("generations", states))
        )

    def by_id(self, wanted: UUID) -> Q:
        return Q(pk=wanted) | Q(pk__in=Generation.objects.filter(pk=wanted).values("submission"))

    @admin.display(description="prompt")
    def prompt_(self, submission: Any) -> str:
        return submission.prompt_start or NO_PROMPT

    @admin.display(description="states")
    def states(self, submission: Submission) -> str:
        words = Counter(state_word(generation) for generation in submission.generations.all())
        return ", ".join(f"{count} {word}" if count > 1 else word for word, count in words.items())

    @admin.display(description="model")
    def model_(self, submission: Submission) -> SafeString | str:
        return link_to(submission.model)

    @admin.display(description="person")
    def user_(self, submission: Submission) -> SafeString | str:
        return link_to(submission.user)

    @admin.display(description="token")
    def token_(self, submission: Submission) -> SafeString | str:
        return link_to(submission.token)

    @admin.display(description="namespace")
    def namespace_(self, submission: Submission) -> SafeString | str:
        return link_to(submission.namespace)

    @admin.display(description="parameters")
    def params_(self, submission: Submission) -> SafeString:
        return pretty(submission.params)

    @admin.action(description="Cancel all that is still going", permissions=["cancel"])
    def cancel(self, request: HttpRequest, queryset: QuerySet[Submission]) -> None:
        self.cancel_all(request, Generation.objects.filter(submission__in=queryset.order_by().values("pk")))
