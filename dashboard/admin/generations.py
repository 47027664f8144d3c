"""Search, show and cancel generations. They are read-only, because they record what happened."""

from contextlib import suppress
from typing import Any
from uuid import UUID

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.db.models.functions import Left
from django.http import HttpRequest
from django.utils import timezone
from django.utils.safestring import SafeString

from dashboard.admin.base import (
    EMPTY,
    ModelAdmin,
    ReadOnlyMixin,
    SearchByIdMixin,
    TabularInline,
    format_json,
    link_column,
    pluralize,
)
from dashboard.admin.filters import CancelUnanswered, FailedRecently, InUseFilter, RunningLong, WaitingLong
from dashboard.admin.progress import (
    NO_PROMPT,
    PROMPT_LENGTH,
    CancelGenerationsMixin,
    duration_text,
    state_label,
)
from dashboard.admin.records import link_to_result
from queueapp.errors import NotFound
from queueapp.models import Event, Generation
from queueapp.models.generations import GenerationQuerySet
from queueapp.models.results import get_download, get_result
from queueapp.services import downloads
from queueapp.states import CANCELLING_TEXT, STATE_TEXTS, State


class TimelineInline(ReadOnlyMixin, TabularInline[Event, Generation]):
    """The events of a generation, in order."""

    model = Event
    template = "admin/queueapp/timeline.html"
    verbose_name_plural = "timeline"
    fields = ("at", "kind", "state", "user", "text")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Event]:
        return super().get_queryset(request).select_related("user")


@admin.register(Generation)
class GenerationAdmin(CancelGenerationsMixin, SearchByIdMixin, ReadOnlyMixin, ModelAdmin[Generation]):
    list_display = ("thumbnail", "prompt", "state_display", "duration", "qualified_model", "user", "enqueued")
    list_display_links = ("prompt",)
    list_filter = (
        WaitingLong,
        RunningLong,
        FailedRecently,
        CancelUnanswered,
        "state",
        ("connection", InUseFilter),
        ("user", InUseFilter),
        ("model", InUseFilter),
    )
    list_select_related = ("submission", "model", "connection", "user", "result")
    search_fields = ("submission__prompt", "id__startswith", "user__username", "model__name")
    search_help_text = "Prompt, id or its beginning, user, model"
    ordering = ("-enqueued_at", "-id")
    show_full_result_count = False
    show_facets = admin.ShowFacets.NEVER
    list_per_page = 50
    actions = ("cancel", "retry_downloads")
    inlines = (TimelineInline,)
    fieldsets = (
        (None, {"fields": ("thumbnail", "full_prompt", "state_display", "state_description", "duration")}),
        ("Outcome", {"fields": ("reason", "category", "raw_reason")}),
        (
            "Belongs to",
            {
                "fields": (
                    "submission_link",
                    "position",
                    "user_link",
                    "namespace_link",
                    "model_link",
                    "connection_link",
                )
            },
        ),
        ("Times", {"fields": ("enqueued_at", "released_at", "ended_at")}),
        ("Cancel", {"fields": ("cancel_requested_at", "cancel_requested_by")}),
        ("Parameters", {"fields": ("params",)}),
        (
            "At the hub",
            {
                "fields": (
                    "upstream_id",
                    ("posted_at", "answered_at"),
                    ("last_polled_at", "next_poll_at", "missing_polls"),
                    "cancel_answer",
                    "cost",
                    "download_status",
                )
            },
        ),
        ("Worker", {"fields": ("attempts", "lease_token", "lease_expires_at", "version")}),
    )
    submission_link = link_column("submission")
    user_link = link_column("user")
    namespace_link = link_column("namespace")
    model_link = link_column("model")
    connection_link = link_column("connection")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Generation]:
        # Prompts and parameters can have megabytes; a list needs only the beginning of the prompt.
        return (
            super()
            .get_queryset(request)
            .annotate(prompt_start=Left("submission__prompt", PROMPT_LENGTH))
            .defer("raw_reason", "submission__prompt", "submission__params")
            .defer("model__description", "model__capabilities", "model__pricing", "model__request_schema")
        )

    def id_filter(self, key: UUID) -> Q:
        return Q(pk=key) | Q(submission=key)

    @admin.display(description="result")
    def thumbnail(self, generation: Generation) -> SafeString | str:
        return link_to_result(get_result(generation))

    @admin.display(description="prompt")
    def prompt(self, generation: Any) -> str:
        return generation.prompt_start or NO_PROMPT

    @admin.display(description="prompt")
    def full_prompt(self, generation: Generation) -> str:
        return generation.submission.prompt or NO_PROMPT

    @admin.display(description="model", ordering="model__name")
    def qualified_model(self, generation: Generation) -> str:
        return f"{generation.connection.name}/{generation.model.name}"

    @admin.display(description="enqueued", ordering="enqueued_at")
    def enqueued(self, generation: Generation) -> str:
        return f"{timezone.localtime(generation.enqueued_at):%Y-%m-%d %H:%M:%S}"

    @admin.display(description="state", ordering="state")
    def state_display(self, generation: Generation) -> str:
        return state_label(generation)

    @admin.display(description="meaning")
    def state_description(self, generation: Generation) -> str:
        text = CANCELLING_TEXT if generation.is_cancelling else STATE_TEXTS[State(generation.state)]
        return text.meaning

    @admin.display(description="time")
    def duration(self, generation: Generation) -> str:
        return duration_text(generation)

    @admin.display(description="position")
    def position(self, generation: Generation) -> str:
        return f"{generation.ordinal + 1} of {generation.submission.num_generations}"

    @admin.display(description="parameters")
    def params(self, generation: Generation) -> SafeString:
        return format_json(generation.submission.params)

    @admin.display(description="download")
    def download_status(self, generation: Generation) -> str:
        """Return the status of a pending download of the result."""
        download = get_download(generation)
        if download is None:
            return EMPTY
        at = download.next_attempt_at
        next_attempt = f"{timezone.localtime(at):%H:%M:%S}" if at else "never"
        error = download.last_error or "Not downloaded yet."
        return f"{error} Attempts: {download.attempts}; next: {next_attempt}."

    @admin.action(description="Download the results again", permissions=["cancel"])
    def retry_downloads(self, request: HttpRequest, queryset: GenerationQuerySet) -> None:
        count = 0
        for generation in queryset.filter(download__isnull=False):
            with suppress(NotFound):  # The download finished meanwhile.
                downloads.retry_now(generation)
                count += 1
        self.message_user(request, f"Downloading {pluralize(count, 'result')} again.")

    @admin.action(description="Cancel", permissions=["cancel"])
    def cancel(self, request: HttpRequest, queryset: GenerationQuerySet) -> None:
        self.cancel_generations(request, queryset)
