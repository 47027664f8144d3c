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
    Answer,
    Backend,
    BadKey,
    Lost,
    NoCredits,
    NotNow,
    Order,
    Refused,
    backend_of,
)
from queueapp.errors import DroverError
from queueapp.models import Connection, Generation, Turn
from queueapp.services import connections, inputs, sending

#: How far into one person's line a tick looks; the rest waits for the next tick.
LOOK_AHEAD = 64
#: Seconds after which a round of sending gives way; the rest goes in the next one.
ROUND = 8.0
#: Seconds between saying that a POST begins and beginning it, after which it is not begun any more: by
#: then a successor may have searched for it and found nothing.
PROMPTLY = 5.0
#: Seconds between tries to write down what a POST brought.
PATIENCE = (0.2, 1.0, 3.0, 6.0, 10.0)

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Waiting:
    """A submission in line: whose it is and how many places it needs."""

    submission_id: UUID
    user_id: int
    size: int


def choose(lines: Iterable[Iterator[Waiting]], *, capacity: int, busy: int) -> list[Waiting]:
    """Which submissions go now, round-robin over the lines, the first line first.

    The one whose turn it is keeps the free places until its submission fits; one larger than the whole
    capacity goes alone, when nothing is at work.
    """
    free = capacity - busy
    turns = deque(lines)
    chosen: list[Waiting] = []
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


def release(connection: Connection, fence: int) -> None:
    """Release what fits. `fence` is the caller's holding of the pump's lease.

    Raises what `backend_of` raises.
    """
    backend = backend_of(connection)
    until = time.monotonic() + ROUND
    busy = Generation.objects.at_work().filter(connection=connection).count()
    for waiting in choose(_lines(connection), capacity=connection.capacity, busy=busy):
        if not connections.takes_work(connection, timezone.now()) or time.monotonic() > until:
            return
        claimed = sending.claim(waiting.submission_id, waiting.user_id, connection, fence)
        if claimed:
            _send(backend, connection, claimed, fence)


def _lines(connection: Connection) -> list[Iterator[Waiting]]:
    """A line for each person with something waiting, the longest unserved first; read as it is needed."""
    theirs = Generation.objects.waiting().filter(
        connection=connection, user=OuterRef("user"), cancel_requested_at=None
    )
    turns = (
        Turn.objects.filter(Exists(theirs), connection=connection)
        .order_by(F("released_at").asc(nulls_first=True), "pk")
        .values_list("user_id", flat=True)
    )
    return [_line(connection, user_id) for user_id in turns]


def _line(connection: Connection, user_id: int) -> Iterator[Waiting]:
    rows = (
        Generation.objects.waiting()
        .filter(connection=connection, user_id=user_id, cancel_requested_at=None)
        .order_by("enqueued_at", "submission_id", "ordinal")
        .values_list("submission_id", flat=True)[:LOOK_AHEAD]
    )
    groups = [(submission_id, len(list(same))) for submission_id, same in groupby(rows)]
    if len(groups) > 1 and sum(size for _, size in groups) == LOOK_AHEAD:
        groups.pop()  # It may go on beyond what was looked at.
    for submission_id, size in groups:
        yield Waiting(submission_id, user_id, size)


def _send(backend: Backend, connection: Connection, claimed: list[Generation], fence: int) -> None:
    submission = claimed[0].submission
    try:
        params = inputs.restore(submission.params, connection, asked_at=submission.created_at)
    except DroverError as error:
        sending.refused(claimed, error.detail, "", "input")
        return
    except OSError as error:
        words = f"An input cannot be read just now: {error.strerror or error}."
        sending.put_back(claimed, words)
        connections.sent_badly(connection, words)
        return
    begun = time.monotonic()
    posted = sending.begin(claimed, fence)
    sending.put_back([one for one in claimed if one not in posted], "It was not sent.")
    if not posted:
        return
    order = Order(submission.model.name, params, len(posted))
    if time.monotonic() - begun > PROMPTLY:
        sending.put_back(posted, "It had not been sent.")
        return
    _write_down(connection, posted, backend.submit(order))


def _write_down(connection: Connection, posted: list[Generation], answer: Answer) -> None:
    """Settle, and try again while the database is away: names that are forgotten are paid for and lost."""
    for pause in PATIENCE:
        try:
            _settle(connection, posted, answer)
            return
        except (OperationalError, InterfaceError):
            log.exception("The answer to a POST could not be written down; trying again.")
            database.close()
            time.sleep(pause)
    _settle(connection, posted, answer)


def _settle(connection: Connection, posted: list[Generation], answer: Answer) -> None:
    match answer:
        case Accepted(ids):
            sending.accepted(posted, ids)
            connections.sent_well(connection)
        case Refused(reason, raw, category):
            sending.refused(posted, reason, raw, category)
            connections.sent_well(connection)
        case NotNow(reason, retry_after):
            sending.put_back(posted, reason)
            connections.sent_badly(connection, reason, retry_after)
        case BadKey(reason):
            sending.put_back(posted, reason)
            connections.stop(connection, Connection.Stop.KEY, reason)
        case NoCredits(reason, raw):
            sending.refused(posted, reason, raw, "credits")
            connections.stop(connection, Connection.Stop.CREDITS, reason)
        case Lost(reason):
            sending.lost(posted, reason)
            connections.sent_badly(connection, reason)
