"""Letting waiting submissions go to their backend: fairly, whole, and never more than it can take."""

import logging
import time
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby
from uuid import UUID

from django.db import InterfaceError, OperationalError
from django.db import connection as database
from django.db.models import Exists, F, OuterRef
from django.utils import timezone

from queueapp.backends import (
    Accepted,
    AnswerLost,
    Backend,
    CreditsExhausted,
    KeyRejected,
    Rejected,
    SubmitOutcome,
    SubmitRequest,
    TryLater,
    get_backend,
)
from queueapp.errors import DroverError
from queueapp.models import Connection, FairShare, Generation
from queueapp.services import inputs
from queueapp.services.hubs import health
from queueapp.services.lifecycle import submitting

#: How far into one person's line a tick looks; the rest waits for the next tick.
MAX_GENERATIONS_PER_USER = 64
#: Seconds after which a round of sending gives way; the rest goes in the next one.
TIME_LIMIT = 8.0
#: Seconds between saying that a POST begins and beginning it, after which it is not begun any more: by
#: then a successor may have searched for it and found nothing.
MAX_POST_DELAY = 5.0
#: Seconds between tries to write down what a POST brought.
RECORD_RETRY_DELAYS = (0.2, 1.0, 3.0, 6.0, 10.0)

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class WaitingSubmission:
    """A submission in line: whose it is and how many places it needs."""

    submission_id: UUID
    user_id: int
    size: int


def choose_submissions(
    lines: Iterable[Iterator[WaitingSubmission]], *, capacity: int, busy: int
) -> list[WaitingSubmission]:
    """Which submissions go now, round-robin over the lines, the first line first.

    The one whose turn it is keeps the free places until its submission fits; one larger than the whole
    capacity goes alone, when nothing is at work.
    """
    free = capacity - busy
    turns = deque(lines)
    chosen: list[WaitingSubmission] = []
    while turns and free > 0:
        line = turns.popleft()
        first = next(line, None)
        if first is None:
            continue
        oversized = first.size > capacity and busy == 0 and not chosen
        if first.size > free and not oversized:
            break
        chosen.append(first)
        free -= first.size
        turns.append(line)
    return chosen


def release_submissions(connection: Connection, fence: int) -> None:
    """Release what fits. `fence` is the caller's holding of the pump's lease.

    Raises what `backend_of` raises.
    """
    backend = get_backend(connection)
    until = time.monotonic() + TIME_LIMIT
    busy = Generation.objects.in_flight().filter(connection=connection).count()
    for waiting in choose_submissions(_queues_by_user(connection), capacity=connection.capacity, busy=busy):
        if not health.accepts_work(connection, timezone.now()) or time.monotonic() > until:
            return
        claimed = submitting.claim_submission(waiting.submission_id, waiting.user_id, connection, fence)
        if claimed:
            _send(backend, connection, claimed, fence)


def _queues_by_user(connection: Connection) -> list[Iterator[WaitingSubmission]]:
    """A line for each person with something waiting, the longest unserved first; read as it is needed."""
    theirs = Generation.objects.waiting().filter(
        connection=connection, user=OuterRef("user"), cancel_requested_at=None
    )
    turns = (
        FairShare.objects.filter(Exists(theirs), connection=connection)
        .order_by(F("released_at").asc(nulls_first=True), "pk")
        .values_list("user_id", flat=True)
    )
    return [_queue_of_user(connection, user_id) for user_id in turns]


def _queue_of_user(connection: Connection, user_id: int) -> Iterator[WaitingSubmission]:
    rows = (
        Generation.objects.waiting()
        .filter(connection=connection, user_id=user_id, cancel_requested_at=None)
        .order_by("enqueued_at", "submission_id", "ordinal")
        .values_list("submission_id", flat=True)[:MAX_GENERATIONS_PER_USER]
    )
    groups = [(submission_id, len(list(same))) for submission_id, same in groupby(rows)]
    if len(groups) > 1 and sum(size for _, size in groups) == MAX_GENERATIONS_PER_USER:
        groups.pop()  # It may go on beyond what was looked at.
    for submission_id, size in groups:
        yield WaitingSubmission(submission_id, user_id, size)


def _send(backend: Backend, connection: Connection, claimed: list[Generation], fence: int) -> None:
    submission = claimed[0].submission
    try:
        params = inputs.resolve_references(submission.params, connection, asked_at=submission.created_at)
    except DroverError as error:
        submitting.record_rejected(claimed, error.detail, "", "input")
        return
    except OSError as error:
        words = f"An input cannot be read just now: {error.strerror or error}."
        submitting.return_to_queue(claimed, words)
        health.record_submit_failure(connection, words)
        return
    begun = time.monotonic()
    posted = submitting.mark_posting(claimed, fence)
    submitting.return_to_queue([one for one in claimed if one not in posted], "It was not sent.")
    if not posted:
        return
    order = SubmitRequest(submission.model.name, params, len(posted))
    if time.monotonic() - begun > MAX_POST_DELAY:
        submitting.return_to_queue(posted, "It had not been sent.")
        return
    _record_outcome(connection, posted, backend.submit(order))


def _record_outcome(connection: Connection, posted: list[Generation], answer: SubmitOutcome) -> None:
    """Settle, and try again while the database is away: names that are forgotten are paid for and lost."""
    for pause in RECORD_RETRY_DELAYS:
        try:
            _settle(connection, posted, answer)
            return
        except (OperationalError, InterfaceError):
            log.exception("The answer to a POST could not be written down; trying again.")
            database.close()
            time.sleep(pause)
    _settle(connection, posted, answer)


def _settle(connection: Connection, posted: list[Generation], answer: SubmitOutcome) -> None:
    match answer:
        case Accepted(ids):
            submitting.record_accepted(posted, ids)
            health.record_submit_success(connection)
        case Rejected(reason, raw, category):
            submitting.record_rejected(posted, reason, raw, category)
            health.record_submit_success(connection)
        case TryLater(reason, retry_after):
            submitting.return_to_queue(posted, reason)
            health.record_submit_failure(connection, reason, retry_after)
        case KeyRejected(reason):
            submitting.return_to_queue(posted, reason)
            health.stop(connection, Connection.StopReason.KEY, reason)
        case CreditsExhausted(reason, raw):
            submitting.record_rejected(posted, reason, raw, "credits")
            health.stop(connection, Connection.StopReason.CREDITS, reason)
        case AnswerLost(reason):
            submitting.mark_uncertain(posted, reason)
            health.record_submit_failure(connection, reason)
