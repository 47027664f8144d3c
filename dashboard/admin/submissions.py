"""Show submissions with their generations, and cancel them."""

from collections import Counter
from typing import Any
from uuid import UUID

from django.contrib import admin
from django.db.models import Prefetch, Q, QuerySet
from django.db.models.functions import Left
from django.http import HttpRequest
from django.utils.safestring import SafeString

from dashboard.admin.base import (
    ModelAdmin,
    ReadOnlyMixin,
    SearchByIdMixin,
    TabularInline,
    format_json,
    link_column,
)
from dashboard.admin.filters import HasActiveGenerations, InUseFilter
from dashboard.admin.progress import (
    NO_PROMPT,
    PROMPT_LENGTH,
    CancelGenerationsMixin,
    duration_text,
    state_label,
)
from queueapp.models import Generation, Submission


class GenerationInline(ReadOnlyMixin, TabularInline[Generation, Submission]):
    """The generations of a submission."""

    model = Generation
    show_change_link = True
    fields = readonly_fields = ("state_display", "duration", "reason")
    ordering = ("ordinal",)

    @admin.display(description="state")
    def state_display(self, generation: Generation) -> str:
        return state_label(generation)

    @admin.display(description="time")
    def duration(self, generation: Generation) -> str:
        return duration_text(generation)


@admin.register(Submission)
class SubmissionAdmin(CancelGenerationsMixin, SearchByIdMixin, ReadOnlyMixin, ModelAdmin[Submission]):
    list_display = ("short_prompt", "model_name", "states", "user", "source", "created_at")
    list_display_links = ("short_prompt",)
    list_filter = (HasActiveGenerations, "source", ("user", InUseFilter), ("model", InUseFilter))
    list_select_related = ("user",)
    search_fields = ("prompt", "id__startswith", "user__username", "model_name")
    search_help_text = "Prompt, id or its beginning, whole id of a generation, user, model"
    ordering = ("-created_at", "-id")
    show_full_result_count = False
    show_facets = admin.ShowFacets.NEVER
    list_per_page = 50
    actions = ("cancel",)
    inlines = (GenerationInline,)
    fieldsets = (
        (None, {"fields": ("prompt", "model_name", "model_link", "num_generations", "created_at")}),
        ("From", {"fields": ("user_link", "source", "token_link", "namespace_link", "target_namespace")}),
        ("Parameters", {"fields": ("formatted_params",)}),
    )
    model_link = link_column("model")
    user_link = link_column("user")
    token_link = link_column("token")
    namespace_link = link_column("namespace")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Submission]:
        states = Generation.objects.only("submission_id", "state", "cancel_requested_at").order_by("ordinal")
        return (
            super()
            .get_queryset(request)
            .annotate(prompt_start=Left("prompt", PROMPT_LENGTH))
            .defer("prompt", "params")
            .prefetch_related(Prefetch("generations", states))
        )

    def id_filter(self, key: UUID) -> Q:
        return Q(pk=key) | Q(pk__in=Generation.objects.filter(pk=key).values("submission"))

    @admin.display(description="prompt")
    def short_prompt(self, submission: Any) -> str:
        return submission.prompt_start or NO_PROMPT

    @admin.display(description="states")
    def states(self, submission: Submission) -> str:
        labels = Counter(state_label(generation) for generation in submission.generations.all())
        return ", ".join(f"{count} {label}" if count > 1 else label for label, count in labels.items())

    @admin.display(description="parameters")
    def formatted_params(self, submission: Submission) -> SafeString:
        return format_json(submission.params)

    @admin.action(description="Cancel the active generations", permissions=["cancel"])
    def cancel(self, request: HttpRequest, queryset: QuerySet[Submission]) -> None:
        self.cancel_generations(
            request, Generation.objects.filter(submission__in=queryset.order_by().values("pk"))
        )
