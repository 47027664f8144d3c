"""Collect everything that the page of a generation shows."""

from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID

from django.db.models import Max
from django.utils import timezone

from dashboard.composer.shots import Shot, multi_prompt_shots
from dashboard.detail.failure_help import FailureHelp, failure_help_for
from dashboard.detail.parameters import Parameter, list_parameters
from dashboard.detail.result import (
    PendingDownload,
    StoredResult,
    describe_download,
    describe_result,
    is_usable_as_input,
)
from dashboard.detail.timeline import TimelineEntry, build_timeline
from dashboard.table.rows import Badge, Row, badge_for, build_row
from queueapp.models import Connection, Generation, Submission
from queueapp.models.results import get_result
from queueapp.params import get_prompt
from queueapp.services.hubs.status import last_submit_error, waiting_reason
from queueapp.states import LIVE, State

#: Characters of the backend's raw error text that the page shows.
_MAX_RAW_REASON = 4000


@dataclass(frozen=True, slots=True)
class SubmissionLink:
    """A link to one generation of the same submission."""

    id: UUID
    state: str
    badge: Badge
    has_thumbnail: bool
    is_current: bool


@dataclass(frozen=True, slots=True)
class Detail:
    """Everything that the page of a generation shows."""

    row: Row
    prompt: str
    shots: list[Shot]
    result: StoredResult | None
    download: PendingDownload | None
    waiting_reason: str
    is_usable_as_input: bool
    failure_help: FailureHelp | None
    raw_reason: str
    is_builtin: bool
    submitted_by: str
    submitted_from: str
    model_name: str
    namespace: str
    upstream_id: str
    cost: Decimal | None
    parameters: tuple[Parameter, ...]
    timeline: tuple[TimelineEntry, ...]
    #: All generations of the submission; empty if it has only one.
    submission: tuple[SubmissionLink, ...]

    @property
    def pending_count(self) -> int:
        """The number of things on the page that may change at any moment."""
        states = [link.state for link in self.submission] or [self.row.state]
        downloading = self.download is not None and self.download.is_first_attempt
        return sum(state in LIVE for state in states) + downloading


def load_latest_version(generation_id: UUID) -> int:
    """Return the version of the newest change to the generations of the same submission."""
    generations = Generation.objects.filter(submission__generations=generation_id)
    return int(generations.aggregate(latest=Max("version"))["latest"] or 0)


def build_detail(generation: Generation) -> Detail:
    """Collect the page of a generation that `generations.get_generation` loaded."""
    submission = generation.submission
    return Detail(
        row=build_row(generation, timezone.now()),
        prompt=str(submission.params.get("prompt") or ""),
        shots=multi_prompt_shots(submission.params.get("multi_prompt")),
        result=describe_result(generation),
        download=describe_download(generation),
        waiting_reason=_waiting_reason(generation),
        is_usable_as_input=is_usable_as_input(generation),
        failure_help=failure_help_for(generation),
        raw_reason=generation.raw_reason[:_MAX_RAW_REASON],
        is_builtin=generation.connection.kind == Connection.Kind.BUILTIN,
        submitted_by=submission.user.get_username(),
        submitted_from=_submitted_from(submission),
        model_name=submission.model_name,
        namespace=generation.namespace.name,
        upstream_id=generation.upstream_id,
        cost=None if generation.cost is None else generation.cost.normalize(),
        parameters=list_parameters(submission.params),
        timeline=build_timeline(generation),
        submission=_submission_links(generation),
    )


def page_title(generation: Generation) -> str:
    """Return the prompt, or the model's name if there is none."""
    return get_prompt(generation.submission.params) or generation.model.display_name


def _submitted_from(submission: Submission) -> str:
    if submission.source == Submission.Source.PAGE:
        return "on the page"
    return f"with the token “{submission.token.name}”" if submission.token else "with the API"


def _waiting_reason(generation: Generation) -> str:
    """Return why a live generation does not make progress; empty if nothing is wrong.

    A stopped connection delays only queued generations: running ones are still polled.
    """
    connection = generation.connection
    if generation.state == State.QUEUED:
        return waiting_reason(connection) or last_submit_error(connection)
    if generation.is_live and not connection.stop_reason:
        return waiting_reason(connection)
    return ""


def _submission_links(generation: Generation) -> tuple[SubmissionLink, ...]:
    siblings = Generation.objects.filter(submission_id=generation.submission_id)
    links = tuple(
        SubmissionLink(
            id=sibling.pk,
            state=sibling.state,
            badge=badge_for(sibling),
            has_thumbnail=bool((result := get_result(sibling)) and result.thumbnail),
            is_current=sibling.pk == generation.pk,
        )
        for sibling in siblings.select_related("result").order_by("ordinal")
    )
    return links if len(links) > 1 else ()
