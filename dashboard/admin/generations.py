"""Generations: to be read, found and cancelled. What happened is not edited."""

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
    NOTHING,
    FindsById,
    ModelAdmin,
    ReadOnly,
    TabularInline,
    counted,
    link_to,
    pretty,
)
from dashboard.admin.filters import CancelUnanswered, EndedBadly, InUse, RunningLong, WaitingLong
from dashboard.admin.progress import NO_PROMPT, PROMPT, CancelsGenerations, pace_of, state_word
from dashboard.admin.records import thumbnail_of
from queueapp.errors import NotFound
from queueapp.models import Download, Event, Generation, Result
from queueapp.models.generations import GenerationQuerySet
from queueapp.services import downloads
from queueapp.states import CANCELLING_TEXT, STATE_TEXTS, State


class Timeline(ReadOnly, TabularInline[Event, Generation]):
    """What happened to a generation, in order."""

    model = Event
    template = "admin/queueapp/timeline.html"
    verbose_name_plural = "timeline"
    fields = ("at", "kind", "state", "user", "text")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Event]:
        return super().get_queryset(request).select_related("user")


@admin.register(Generation)
class GenerationAdmin(CancelsGenerations, FindsById, ReadOnly, ModelAdmin[Generation]):
    list_display = ("thumbnail", "prompt", "state_", "pace", "full_model", "user", "enqueued")
    list_display_links = ("prompt",)
    list_filter = (
        WaitingLong,
        RunningLong,
        EndedBadly,
        CancelUnanswered,
        "state",
        ("connection", InUse),
        ("user", InUse),
        ("model", InUse),
    )
    list_select_related = ("submission", "model", "connection", "user", "result")
    search_fields = ("submission__prompt", "id__startswith", "user__username", "model__name")
    search_help_text = "Prompt, id or its beginning, person, model"
    ordering = ("-enqueued_at", "-id")
    show_full_result_count = False
    show_facets = admin.ShowFacets.NEVER
    list_per_page = 50
    actions = ("cancel", "fetch_again")
    inlines = (Timeline,)
    fieldsets = (
        (None, {"fields": ("thumbnail", "whole_prompt", "state_", "meaning", "pace")}),
        ("Ending", {"fields": ("reason", "category", "raw_reason")}),
        ("Of", {"fields": ("submission_", "place", "user_", "namespace_", "model_", "connection_")}),
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
                    "result_there",
                )
            },
        ),
        ("Worker", {"fields": ("attempts", "lease_token", "lease_expires_at", "version")}),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Generation]:
        # Prompts and parameters can be megabytes; a list needs the beginning of the prompt.
        return (
            super()
            .get_queryset(request)
            .annotate(prompt_start=Left("submission__prompt", PROMPT))
            .defer("raw_reason", "submission__prompt", "submission__params")
            .defer("model__description", "model__capabilities", "model__pricing", "model__request_schema")
        )

    def by_id(self, wanted: UUID) -> Q:
        return Q(pk=wanted) | Q(submission=wanted)

    @admin.display(description="result")
    def thumbnail(self, generation: Generation) -> SafeString | str:
        return thumbnail_of(_result(generation))

    @admin.display(description="prompt")
    def prompt(self, generation: Any) -> str:
        return generation.prompt_start or NO_PROMPT

    @admin.display(description="prompt")
    def whole_prompt(self, generation: Generation) -> str:
        return generation.submission.prompt or NO_PROMPT

    @admin.display(description="model", ordering="model__name")
    def full_model(self, generation: Generation) -> str:
        return f"{generation.connection.name}/{generation.model.name}"

    @admin.display(description="enqueued", ordering="enqueued_at")
    def enqueued(self, generation: Generation) -> str:
        return f"{timezone.localtime(generation.enqueued_at):%Y-%m-%d %H:%M:%S}"

    @admin.display(description="state", ordering="state")
    def state_(self, generation: Generation) -> str:
        return state_word(generation)

    @admin.display(description="which means")
    def meaning(self, generation: Generation) -> str:
        words = CANCELLING_TEXT if generation.is_cancelling else STATE_TEXTS[State(generation.state)]
        return words.meaning

    @admin.display(description="time")
    def pace(self, generation: Generation) -> str:
        return pace_of(generation)

    @admin.display(description="submission")
    def submission_(self, generation: Generation) -> SafeString | str:
        return link_to(generation.submission)

    @admin.display(description="place in it")
    def place(self, generation: Generation) -> str:
        return f"{generation.ordinal + 1} of {generation.submission.num_generations}"

    @admin.display(description="person")
    def user_(self, generation: Generation) -> SafeString | str:
        return link_to(generation.user)

    @admin.display(description="namespace")
    def namespace_(self, generation: Generation) -> SafeString | str:
        return link_to(generation.namespace)

    @admin.display(description="model")
    def model_(self, generation: Generation) -> SafeString | str:
        return link_to(generation.model)

    @admin.display(description="connection")
    def connection_(self, generation: Generation) -> SafeString | str:
        return link_to(generation.connection)

    @admin.display(description="parameters")
    def params(self, generation: Generation) -> SafeString:
        return pretty(generation.submission.params)

    @admin.display(description="result there")
    def result_there(self, generation: Generation) -> str:
        """What keeps a result that the hub has from being stored here."""
        download: Download | None = getattr(generation, "download", None)
        if download is None:
            return NOTHING
        when = (
            f"{timezone.localtime(download.next_attempt_at):%H:%M:%S}"
            if download.next_attempt_at
            else "never"
        )
        return f"{download.last_error or 'Not fetched yet.'} Tries: {download.attempts}; the next: {when}."

    @admin.action(description="Fetch the result again", permissions=["cancel"])
    def fetch_again(self, request: HttpRequest, queryset: GenerationQuerySet) -> None:
        asked = 0
        for generation in queryset.filter(download__isnull=False):
            with suppress(NotFound):  # It was stored just now.
                downloads.retry_now(generation)
                asked += 1
        self.message_user(request, f"Fetching {counted(asked, 'result')} again.")

    @admin.action(description="Cancel", permissions=["cancel"])
    def cancel(self, request: HttpRequest, queryset: GenerationQuerySet) -> None:
        self.cancel_all(request, queryset)


def _result(generation: Generation) -> Result | None:
    return getattr(generation, "result", None)
