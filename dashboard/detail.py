"""One generation's page: read-only queries and the words that belong to it."""

import json
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db.models import Max
from django.utils import timezone

from dashboard import pages
from dashboard.advice import Advice, advice_for
from dashboard.composer import models_accepting
from dashboard.composer.fields import to_text
from dashboard.timeline import Moment, timeline_of
from queueapp.models import Generation, Submission
from queueapp.params import Params, get_prompt
from queueapp.services.hubs.status import last_submit_error, waiting_reason
from queueapp.services.inputs import parse_reference
from queueapp.states import LIVE, State

#: A parameter longer than this is shown cut; the whole of it is in the curl call.
_LONGEST = 600


@dataclass(frozen=True, slots=True)
class Value:
    """A parameter's value, or one of several; `key` where it names a stored input."""

    text: str
    key: UUID | None = None


@dataclass(frozen=True, slots=True)
class Parameter:
    name: str
    values: tuple[Value, ...]


@dataclass(frozen=True, slots=True)
class Sibling:
    id: UUID
    badge: pages.Badge
    state: str
    thumbnail: bool
    here: bool


@dataclass(frozen=True, slots=True)
class Shot:
    prompt: str
    duration: str


@dataclass(frozen=True, slots=True)
class Picture:
    """A stored result as it is shown."""

    content_type: str
    video: bool
    width: int
    height: int
    length: str
    size: str


@dataclass(frozen=True, slots=True)
class Coming:
    """A result that is not stored yet. `next_try_at` is None when nobody tries any more."""

    last_error: str
    next_attempt_at: datetime | None
    being_fetched: bool
    tried_now: bool


@dataclass(frozen=True, slots=True)
class Detail:
    """Everything that one generation's page shows."""

    row: pages.Row
    version: int
    prompt: str
    shots: tuple[Shot, ...]
    picture: Picture | None
    coming: Coming | None
    held_up: str
    reusable: bool
    advice: Advice | None
    raw_reason: str
    builtin: bool
    submitted_by: str
    source: str
    model_name: str
    namespace: str
    upstream_id: str
    cost: Decimal | None
    parameters: tuple[Parameter, ...]
    timeline: tuple[Moment, ...]
    siblings: tuple[Sibling, ...]

    @property
    def going(self) -> int:
        """1 while anything on the page may still change, this one or a sibling; else 0."""
        states = {each.state for each in self.siblings} | {self.row.state}
        fetching = bool(self.coming and self.coming.being_fetched)
        return int(fetching or any(state in LIVE for state in states))


def latest_version(generation_id: UUID) -> int:
    """The version of the newest change to anything on the page: the generation and its siblings."""
    family = Generation.objects.filter(submission__generations=generation_id)
    return int(family.aggregate(latest=Max("version"))["latest"] or 0)


def detail_of(generation: Generation) -> Detail:
    """The page of a generation that `generations.find` brought."""
    submission = generation.submission
    params: Params = submission.params
    return Detail(
        row=pages.row_of(generation, timezone.now()),
        version=generation.version,
        prompt=str(params.get("prompt") or ""),
        shots=_shots(params),
        picture=_picture(pages.result_of(generation)),
        coming=_coming(generation),
        held_up=_held_up(generation),
        reusable=_reusable(generation),
        advice=advice_for(generation),
        raw_reason=generation.raw_reason[:4000],
        builtin=generation.connection.kind == generation.connection.Kind.BUILTIN,
        submitted_by=submission.user.get_username(),
        source=_door(submission),
        model_name=submission.model_name,
        namespace=generation.namespace.name,
        upstream_id=generation.upstream_id,
        cost=None if generation.cost is None else generation.cost.normalize(),
        parameters=tuple(_parameters(params)),
        timeline=timeline_of(generation),
        siblings=_siblings(generation),
    )


def _door(submission: Submission) -> str:
    if submission.source == Submission.Source.PAGE:
        return "on the page"
    return f"with the token “{submission.token.name}”" if submission.token else "over the API"


def _picture(result: Any) -> Picture | None:
    if result is None:
        return None
    return Picture(
        content_type=result.content_type,
        video=result.content_type.startswith("video/"),
        width=result.width,
        height=result.height,
        length=pages.clock(result.seconds) if result.seconds else "",
        size=pages.size(result.size),
    )


def _held_up(generation: Generation) -> str:
    """What keeps it; a stop keeps only what still waits, for what is at work is watched all the same."""
    connection = generation.connection
    waits = generation.state == State.QUEUED
    if waits or (generation.is_live and not connection.stop_reason):
        return waiting_reason(connection) or (last_submit_error(connection) if waits else "")
    return ""


def _coming(generation: Generation) -> Coming | None:
    download = pages.download_of(generation)
    if download is None:
        return None
    return Coming(
        last_error=download.last_error,
        next_attempt_at=download.next_attempt_at,
        being_fetched=pages.is_being_fetched(download),
        tried_now=pages.is_tried_now(download, timezone.now()),
    )


def _reusable(generation: Generation) -> bool:
    """Whether the result can be given to a model as its input."""
    result = pages.result_of(generation)
    if result is None or result.size > settings.DROVER_MAX_INPUT_BYTES:
        return False
    return bool(models_accepting.best_model_name(result.content_type.partition("/")[0], generation.model))


def _shots(params: Params) -> tuple[Shot, ...]:
    shots = params.get("multi_prompt")
    told = [shot for shot in shots if isinstance(shot, dict)] if isinstance(shots, list) else []
    return tuple(Shot(str(shot.get("prompt", "")), to_text(shot.get("duration", ""))) for shot in told)


def _parameters(params: Params) -> Iterator[Parameter]:
    for name, value in pages.flattened(params).items():
        values = value if isinstance(value, list) and value else [value]
        yield Parameter(name, tuple(_value(each) for each in values))


def _value(value: Any) -> Value:
    text = to_text(value)
    if key := parse_reference(value):
        return Value("stored input", key)
    return Value(text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…")


def _siblings(generation: Generation) -> tuple[Sibling, ...]:
    """All of the submission, this one too; nothing where it is alone."""
    family = list(
        Generation.objects.filter(submission_id=generation.submission_id)
        .select_related("result")
        .order_by("ordinal")
    )
    if len(family) < 2:
        return ()
    return tuple(
        Sibling(
            id=each.pk,
            badge=pages.badge_of(each.state, cancelling=each.is_cancelling),
            state=each.state,
            thumbnail=bool((result := pages.result_of(each)) and result.thumbnail),
            here=each.pk == generation.pk,
        )
        for each in family
    )


def curl_of(submission: Submission, url: str) -> str:
    """A shell command that asks the API for the same again."""
    body: dict[str, Any] = {"model": submission.model_name}
    if submission.num_generations != 1:
        body["num_generations"] = submission.num_generations
    if submission.target_namespace is not None:
        body["target_namespace"] = submission.target_namespace
    text = shlex.quote(json.dumps(body | submission.params, ensure_ascii=False, indent=2))
    return (
        f"curl {url} \\\n"
        '  -H "Authorization: Bearer $DROVER_TOKEN" \\\n'
        '  -H "Content-Type: application/json" \\\n'
        f"  -d {text}"
    )


def title_of(generation: Generation) -> str:
    return get_prompt(generation.submission.params) or generation.model.display_name
