"""Recover submissions whose poller died or lost its lease before it settled them.

`posted_at` tells how far it came: what was never posted returns to the queue, the rest becomes uncertain.
"""

from datetime import timedelta

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from queueapp.models import Connection, Generation
from queueapp.services import coordination, inputs
from queueapp.services.lifecycle.submitting import (
    mark_generation_uncertain,
    poller_lease_token,
    record_accepted,
    requeue_generation,
)
from queueapp.states import State
from queueapp.upstream.limits import CALL_TIMEOUT, upload_seconds


def finish_engine_handover(connection: Connection) -> None:
    """Hand over the generations that an earlier poller claimed for the built-in engine.

    Handing over twice does no harm, because the engine renders from the same rows.
    """
    claimed = Generation.objects.in_flight().filter(connection=connection, state=State.SUBMITTING)
    record_accepted(list(claimed), None)


def take_over_submissions(connection: Connection, fence: int) -> None:
    """Requeue or mark as uncertain what an earlier poller was sending when it lost the lease."""
    submitting = Generation.objects.in_flight().filter(connection=connection, state=State.SUBMITTING)
    others = submitting.exclude(lease_token=poller_lease_token(fence))
    for generation in others.select_related("submission"):
        with transaction.atomic():
            # A poller that has lost the lease must not mark the POSTs of its successor as lost.
            if not coordination.confirm_lease(fence):
                return
            _take_over_generation(generation)


def _take_over_generation(generation: Generation) -> None:
    unchanged = Q(lease_token=generation.lease_token, posted_at=generation.posted_at)
    if generation.posted_at is None:
        requeue_generation(generation, unchanged, "It had not been sent.")
    else:
        given_up_at = max(timezone.now(), generation.posted_at + _max_post_duration(generation))
        text = "The worker stopped while sending it."
        mark_generation_uncertain(generation, unchanged, text, answered_at=given_up_at)


def _max_post_duration(generation: Generation) -> timedelta:
    """Return how long a POST may take. Its sender may be slow rather than dead, and still be sending."""
    return timedelta(seconds=CALL_TIMEOUT + upload_seconds(inputs.upload_size(generation.submission.params)))
