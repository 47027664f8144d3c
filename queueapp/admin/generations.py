"""Submissions and generations: to be read, found and cancelled. What happened is not edited."""

from collections import Counter
from typing import Any
from uuid import UUID

from django.contrib import admin, messages
from django.db.models import Prefetch, Q, QuerySet
from django.db.models.functions import Left
from django.http import HttpRequest
from django.utils import timezone
from django.utils.safestring import SafeString

from queueapp.admin.base import (
    FindsById,
    ModelAdmin,
    ReadOnly,
    TabularInline,
    counted,
    link_to,
    person,
    pretty,
    span,
)
from queueapp.admin.filters import (
    CancelUnanswered,
    EndedBadly,
    InUse,
    RunningLong,
    StillGoing,
    WaitingLong,
)
from queueapp.admin.records import thumbnail_of
from queueapp.errors import NotFound
from queueapp.models import Event, Generation, Result, Submission
from queueapp.models.generations import GenerationQuerySet
from queueapp.services import generations
from queueapp.states import CANCELLING, WORDS, State

_PROMPT = 120


def state_word(generation: Generation) -> str:
    """The state in one word, as everywhere in Drover."""
    return CANCELLING.label if generation.is_cancelling else WORDS[State(generation.state)].label


def pace_of(generation: Generation) -> str:
    """How long it waits, runs, or took."""
    if generation.ended_at is not None:
        began = generation.released_at
        return f"took {span(generation.ended_at - began)}" if began else "never started"
    if generation.released_at is not None:
        return f"running for {span(timezone.now() - generation.released_at)}"
    return f"waiting for {span(timezone.now() - generation.enqueued_at)}"


class CancelsGenerations:
    """May cancel whoever may change generations, although nobody edits them."""

    def has_cancel_permission(self, request: HttpRequest) -> bool:
        return person(request).has_perm("queueapp.change_generation")

    def cancel_all(self, request: HttpRequest, chosen: GenerationQuerySet) -> None:
        """Ask each live one to stop, and say how many were asked, how many could not be, and why."""
        refused = Counter({"had ended": chosen.filter(ended_at__isnull=False).count()})
        asked = 0
        for generation in list(chosen.live()):
            try:
                generations.cancel(generation, person(request))
            except NotFound:
                refused[_why_not(generation)] += 1
            else:
                asked += 1
        _tell(request, asked, +refused)


def _why_not(generation: Generation) -> str:
    generation.refresh_from_db(fields=["state", "cancel_requested_at"])
    return "had been asked before" if generation.is_live else "had ended"


def _tell(request: HttpRequest, asked: int, refused: Counter[str]) -> None:
    if asked:
        text = f"Cancelled {counted(asked, 'generation')}; what a backend works on stops when it answers."
        messages.success(request, text)
    if refused:
        reasons = ", ".join(f"{count:,} {reason}" for reason, count in refused.items())
        text = f"{counted(refused.total(), 'generation')} could not be cancelled: {reasons}."
        messages.warning(request, text)


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
    list_display = ("thumbnail", "prompt", "state_", "pace", "model", "connection", "user", "enqueued_at")
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
    actions = ("cancel",)
    inlines = (Timeline,)
    fieldsets = (
        (None, {"fields": ("thumbnail", "whole_prompt", "state_", "meaning", "pace")}),
        ("Ending", {"fields": ("reason", "category", "raw_reason")}),
        ("Of", {"fields": ("submission_", "place", "user_", "namespace_", "model_", "connection_")}),
        ("Times", {"fields": ("enqueued_at", "released_at", "ended_at")}),
        ("Cancel", {"fields": ("cancel_requested_at", "cancel_requested_by")}),
        ("Parameters", {"fields": ("params",)}),
        ("Worker", {"fields": ("attempts", "claim", "claimed_until", "version")}),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Generation]:
        # Prompts and parameters can be megabytes; a list needs the beginning of the prompt.
        return (
            super()
            .get_queryset(request)
            .annotate(prompt_start=Left("submission__prompt", _PROMPT))
            .defer("raw_reason", "submission__prompt", "submission__params")
            .defer("model__description", "model__capabilities", "model__pricing", "model__request_schema")
        )

    def by_id(self, wanted: UUID) -> Q:
        return Q(pk=wanted) | Q(submission=wanted)

    @admin.display(description="")
    def thumbnail(self, generation: Generation) -> SafeString | str:
        return thumbnail_of(_result(generation))

    @admin.display(description="prompt", empty_value="(no prompt)")
    def prompt(self, generation: Any) -> str | None:
        return generation.prompt_start or None

    @admin.display(description="prompt", empty_value="(no prompt)")
    def whole_prompt(self, generation: Generation) -> str | None:
        return generation.submission.prompt or None

    @admin.display(description="state", ordering="state")
    def state_(self, generation: Generation) -> str:
        return state_word(generation)

    @admin.display(description="which means")
    def meaning(self, generation: Generation) -> str:
        words = CANCELLING if generation.is_cancelling else WORDS[State(generation.state)]
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

    @admin.action(description="Cancel", permissions=["cancel"])
    def cancel(self, request: HttpRequest, queryset: GenerationQuerySet) -> None:
        self.cancel_all(request, queryset)


def _result(generation: Generation) -> Result | None:
    return getattr(generation, "result", None)


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
    list_display = ("prompt_", "model_name", "num_generations", "states", "user", "door", "created_at")
    list_display_links = ("prompt_",)
    list_filter = (StillGoing, "door", ("user", InUse), ("model", InUse))
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
        ("From", {"fields": ("user_", "door", "token_", "namespace_", "target_namespace")}),
        ("Parameters", {"fields": ("params_",)}),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Submission]:
        states = Generation.objects.only("submission_id", "state", "cancel_requested_at").order_by("ordinal")
        return (
            super()
            .get_queryset(request)
            .annotate(prompt_start=Left("prompt", _PROMPT))
            .defer("prompt", "params")
            .prefetch_related(Prefetch("generations", states))
        )

    def by_id(self, wanted: UUID) -> Q:
        return Q(pk=wanted) | Q(pk__in=Generation.objects.filter(pk=wanted).values("submission"))

    @admin.display(description="prompt", empty_value="(no prompt)")
    def prompt_(self, submission: Any) -> str | None:
        return submission.prompt_start or None

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
