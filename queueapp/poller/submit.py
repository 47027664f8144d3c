"""Submit one submission to its backend: claim it, mark it as being posted, post it, record the outcome."""

import logging
import time
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from django.db import InterfaceError, OperationalError
from django.db import connection as database

from queueapp.backends import Backend, SubmitOutcome, SubmitRequest, TryLater
from queueapp.errors import DroverError
from queueapp.models import Connection, Generation
from queueapp.services import inputs
from queueapp.services.lifecycle import submitting

#: Seconds within which a POST must start after it was marked. Later, the next poller may have searched the
#: hub's list already, and found nothing.
MAX_POST_DELAY = 5.0
#: Seconds between attempts to record the outcome of a POST.
RECORD_RETRY_DELAYS = (0.2, 1.0, 3.0, 6.0, 10.0)

log = logging.getLogger(__name__)


def submit_submission(
    backend: Backend, connection: Connection, submission_id: UUID, user_id: int, fence: int
) -> None:
    """Submit the waiting generations of one submission in one POST, if the poller lease is still held."""
    claimed = submitting.claim_submission(submission_id, user_id, connection, fence)
    if not claimed:
        return
    params = _resolve_params(connection, claimed)
    if params is None:
        return
    posted = _mark_posting(claimed, fence)
    if posted:
        request = SubmitRequest(claimed[0].submission.model.name, params, len(posted))
        _record_outcome(connection, posted, backend.submit(request))


def _resolve_params(connection: Connection, claimed: Sequence[Generation]) -> Mapping[str, Any] | None:
    """Return the parameters as the backend takes them, inputs included.

    If that fails, settle the generations and return None.
    """
    submission = claimed[0].submission
    try:
        return inputs.resolve_references(submission.params, connection, asked_at=submission.created_at)
    except DroverError as error:
        # Not `settle`: the hub was not called, so its health stays as it is.
        submitting.record_rejected(claimed, error.detail, "", "input")
    except OSError as error:
        message = f"An input file could not be read: {error.strerror or error}."
        submitting.settle(connection, claimed, TryLater(message))
    return None


def _mark_posting(claimed: Sequence[Generation], fence: int) -> list[Generation]:
    """Mark the generations as being posted. Return those that may be posted; the others are queued again."""
    started = time.monotonic()
    posted = submitting.mark_posting(claimed, fence)
    submitting.return_to_queue(
        [generation for generation in claimed if generation not in posted], "It was not sent."
    )
    if time.monotonic() - started <= MAX_POST_DELAY:
        return posted
    submitting.return_to_queue(posted, "It was not sent because the worker was suspended.")
    return []


def _record_outcome(connection: Connection, posted: Sequence[Generation], outcome: SubmitOutcome) -> None:
    """Settle the generations, with retries while the database is unavailable.

    The hub's ids must not be lost: their generations are billed.
    """
    for delay in RECORD_RETRY_DELAYS:
        try:
            submitting.settle(connection, posted, outcome)
            return
        except (OperationalError, InterfaceError):
            log.exception("Hub %s: the outcome of a POST could not be recorded. Retrying.", connection)
            database.close()
            time.sleep(delay)
    submitting.settle(connection, posted, outcome)
