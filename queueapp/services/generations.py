"""Submitting and cancelling: the two things a person asks of the queue."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from queueapp.errors import BadCount, InsufficientCredits, NotFound
from queueapp.models import (
    ApiToken,
    Connection,
    Event,
    FairShare,
    Generation,
    Input,
    MediaModel,
    Namespace,
    Submission,
)
from queueapp.params import Params, get_prompt
from queueapp.services import accounts, catalog, coordination, inputs
from queueapp.services.lifecycle.transitions import log_event, next_version, transition
from queueapp.states import LIVE, State

#: A generation expires this long after it was enqueued, as on the hub.
LIFETIME = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks, and through which door."""

    user: User
    source: Submission.Source = Submission.Source.PAGE
    token: ApiToken | None = None


def enqueue(
    caller: Caller,
    model_name: str,
    params: Params,
    *,
    num_generations: Any = 1,
    target_namespace: str | None = None,
) -> list[Generation]:
    """Put a submission into the queue, whole or not at all, and return its generations.

    The parameters are stored as they are, `data:` bodies as files beside them. Raises BadCount,
    ModelNotFound, NotMediaModel, InsufficientCredits, NamespaceNotFound, BadRequest.
    """
    count = validate_count(num_generations)
    model = catalog.find_media(model_name)
    if model.connection.stop_reason == Connection.StopReason.CREDITS:
        raise InsufficientCredits(f"The hub account {model.connection}")
    namespace = accounts.resolve_namespace(caller.user, target_namespace)
    kept, bodies = inputs.extract_data_uris(params, namespace)
    submission = Submission(
        namespace=namespace,
        user=caller.user,
        token=caller.token,
        source=caller.source,
        model=model,
        model_name=model_name,
        params=kept,
        target_namespace=target_namespace,
        prompt=get_prompt(kept),
        num_generations=count,
    )
    try:
        return _save(submission, model, namespace, bodies)
    except BaseException:
        inputs.delete_files(bodies)
        raise


def validate_count(value: Any) -> int:
    """`num_generations` as the protocol wants it: an integer; `true`, `"2"` and `2.0` are none."""
    highest = settings.DROVER_MAX_GENERATIONS
    if type(value) is not int or not 1 <= value <= highest:
        raise BadCount(highest)
    return value


def _save(
    submission: Submission, model: MediaModel, namespace: Namespace, bodies: list[Input]
) -> list[Generation]:
    now = timezone.now()
    submission.created_at = now
    with transaction.atomic():
        version = next_version(namespace.pk)
        submission.save(force_insert=True)
        Input.objects.bulk_create(bodies)
        inputs.mark_used(submission.params)
        made = [
            Generation(
                submission=submission,
                namespace=namespace,
                user=submission.user,
                connection_id=model.connection_id,
                model=model,
                ordinal=ordinal,
                version=version,
                enqueued_at=now,
            )
            for ordinal in range(submission.num_generations)
        ]
        Generation.objects.bulk_create(made)
        Event.objects.bulk_create(
            Event(generation=generation, at=now, kind="moved", state=State.QUEUED, user=submission.user)
            for generation in made
        )
        FairShare.objects.get_or_create(connection_id=model.connection_id, user=submission.user)
        transaction.on_commit(coordination.wake_poller, robust=True)
    return made


def cancel(generation: Generation, user: User) -> None:
    """Ask for a generation to be stopped. NotFound if it has ended or was asked to stop before.

    What still waits here is cancelled at once; what a backend has is asked to stop, and shown as
    cancelling until the backend has answered.
    """
    now = timezone.now()
    asked: dict[str, Any] = {"cancel_requested_at": now, "cancel_requested_by": user, "cancel_answer": ""}
    unasked = Q(cancel_requested_at=None)
    if transition(
        generation,
        State.CANCELLED,
        user=user,
        text="Before it started.",
        where=unasked & Q(state=State.QUEUED),
        **asked,
    ):
        return
    with transaction.atomic():
        if not log_event(
            generation,
            "cancel asked",
            user=user,
            where=unasked & Q(state__in=LIVE),
            **asked,
        ):
            raise NotFound("It has ended already, or was asked to stop before.")
        transaction.on_commit(coordination.wake_poller, robust=True)


def expire_old(now: datetime) -> None:
    """End everything that has lived for 24 hours, whatever it is doing."""
    too_old = Generation.objects.live().filter(enqueued_at__lt=now - LIFETIME)
    for generation in too_old.select_related("connection").order_by("enqueued_at")[:100]:
        reason = "It did not end within 24 hours."
        if generation.may_be_billed:
            reason += " The hub may have made and billed it."
        transition(generation, State.EXPIRED, reason=reason)


def get_generation(generation_id: UUID | str, user: User) -> Generation:
    """One generation with all that its page shows. NotFound if there is none or it is somebody else's."""
    found = (
        Generation.objects.select_related(
            "submission__user",
            "submission__token",
            "model__connection",
            "namespace",
            "result",
            "download",
        )
        .filter(pk=generation_id, namespace__in=accounts.visible_namespaces(user))
        .first()
    )
    if found is None:
        raise NotFound("There is no such generation.")
    return found
