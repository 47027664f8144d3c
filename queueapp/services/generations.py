"""Enqueue, find, cancel and expire generations."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from queueapp.errors import BadCount, InsufficientCredits, NotFound
from queueapp.models import ApiToken, Connection, Event, FairShare, Generation, Input, Submission
from queueapp.params import Params, get_prompt
from queueapp.services import accounts, catalog, coordination, inputs
from queueapp.services.lifecycle.transitions import log_event, next_version, transition
from queueapp.states import LIFETIME, LIVE, EndReason, State

#: Generations that one call of `expire_old` ends, so that a tick of the poller stays short.
_MAX_EXPIRED_PER_CALL = 100


@dataclass(frozen=True, slots=True)
class Caller:
    """The user of a request, and where the request came from."""

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
    """Add a submission to the queue and return its generations.

    The parameters are stored unchanged, except that the bodies of `data:` URIs become files. If anything
    fails, nothing is stored. Raises BadCount, ModelNotFound, NotMediaModel, InsufficientCredits,
    NamespaceNotFound, BadRequest and TooLarge.
    """
    count = validate_count(num_generations)
    model = catalog.find_media(model_name)
    if model.connection.stop_reason == Connection.StopReason.CREDITS:
        raise InsufficientCredits(f"The hub account {model.connection}")
    namespace = accounts.resolve_namespace(caller.user, target_namespace)
    stored_params, new_inputs = inputs.extract_data_uris(params, namespace)
    submission = Submission(
        namespace=namespace,
        user=caller.user,
        token=caller.token,
        source=caller.source,
        model=model,
        model_name=model_name,
        params=stored_params,
        target_namespace=target_namespace,
        prompt=get_prompt(stored_params),
        num_generations=count,
    )
    try:
        return _save(submission, new_inputs)
    except BaseException:
        inputs.delete_files(new_inputs)
        raise


def validate_count(value: Any) -> int:
    """Return `num_generations` if it is an integer in the allowed range; otherwise raise BadCount.

    As in the protocol, `true`, `"2"` and `2.0` are not integers.
    """
    highest = settings.DROVER_MAX_GENERATIONS
    if type(value) is not int or not 1 <= value <= highest:
        raise BadCount(highest)
    return value


def _save(submission: Submission, new_inputs: list[Input]) -> list[Generation]:
    """Save a submission, its inputs, generations, events and the namespace's new version in one transaction.

    The version comes first: it locks the namespace.
    """
    now = timezone.now()
    submission.created_at = now
    with transaction.atomic():
        version = next_version(submission.namespace_id)
        submission.save(force_insert=True)
        Input.objects.bulk_create(new_inputs)
        inputs.mark_used(submission.params)
        generations = [
            Generation(
                submission=submission,
                namespace=submission.namespace,
                user=submission.user,
                connection_id=submission.model.connection_id,
                model=submission.model,
                ordinal=ordinal,
                version=version,
                enqueued_at=now,
            )
            for ordinal in range(submission.num_generations)
        ]
        Generation.objects.bulk_create(generations)
        Event.objects.bulk_create(
            Event(
                generation=generation,
                at=now,
                kind=Event.Kind.STATE_CHANGED,
                state=State.QUEUED,
                user=submission.user,
            )
            for generation in generations
        )
        FairShare.objects.get_or_create(connection_id=submission.model.connection_id, user=submission.user)
        transaction.on_commit(coordination.wake_poller, robust=True)
    return generations


def cancel(generation: Generation, user: User) -> None:
    """Cancel a queued generation at once; for a live one, record the request and wake the poller.

    Raises NotFound if it has ended or its cancel was requested before.
    """
    request: dict[str, Any] = {
        "cancel_requested_at": timezone.now(),
        "cancel_requested_by": user,
        "cancel_answer": "",
    }
    not_requested = Q(cancel_requested_at=None)
    if transition(
        generation,
        State.CANCELLED,
        user=user,
        text="Before it started.",
        where=not_requested & Q(state=State.QUEUED),
        **request,
    ):
        return
    with transaction.atomic():
        if not log_event(
            generation,
            Event.Kind.CANCEL_REQUESTED,
            user=user,
            where=not_requested & Q(state__in=LIVE),
            **request,
        ):
            raise NotFound("It has ended already, or its cancel was requested before.")
        transaction.on_commit(coordination.wake_poller, robust=True)


def expire_old(now: datetime) -> None:
    """End live generations as expired that were enqueued longer than `LIFETIME` ago, the oldest first."""
    too_old = Generation.objects.live().filter(enqueued_at__lt=now - LIFETIME)
    for generation in too_old.select_related("connection").order_by("enqueued_at")[:_MAX_EXPIRED_PER_CALL]:
        reason = EndReason.EXPIRED_AT_HUB if generation.may_be_billed else EndReason.EXPIRED
        transition(generation, State.EXPIRED, reason=reason)


def get_generation(generation_id: UUID | str, user: User) -> Generation:
    """Return a generation with everything that its page shows.

    Raises NotFound if it does not exist or belongs to another user.
    """
    generation = (
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
    if generation is None:
        raise NotFound("There is no such generation.")
    return generation
