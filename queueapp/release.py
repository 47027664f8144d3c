"""Letting waiting submissions go to their backend: fairly, whole, and never more than it can take."""

from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby
from uuid import UUID

from django.db import transaction
from django.db.models import Exists, F, OuterRef
from django.utils import timezone

from queueapp.backends import Accepted, Backend, Order, Refused, backend_of
from queueapp.models import Connection, Generation, Submission, Turn
from queueapp.services import workers
from queueapp.services.moves import move
from queueapp.states import State

#: How far into one person's line a tick looks; the rest waits for the next tick.
LOOK_AHEAD = 64


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
    """Release what fits. `fence` is the caller's holding of the pump's lease."""
    backend = backend_of(connection)
    busy = Generation.objects.at_work().filter(connection=connection).count()
    for waiting in choose(_lines(connection), capacity=connection.capacity, busy=busy):
        claimed = _claim(waiting, connection, fence)
        if claimed:
            _submit(backend, claimed)


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


def _claim(waiting: Waiting, connection: Connection, fence: int) -> list[Generation]:
    """Take a submission's waiting generations out of the queue, unless the lease has gone to another pump."""
    now = timezone.now()
    with transaction.atomic():
        if not workers.assert_lease(fence):
            return []
        theirs = Generation.objects.waiting().filter(submission_id=waiting.submission_id)
        claimed = [
            generation
            for generation in theirs.select_related("submission__model").order_by("ordinal")
            if move(generation, State.SUBMITTING)
        ]
        Turn.objects.filter(connection=connection, user_id=waiting.user_id).update(released_at=now)
    return claimed


def _submit(backend: Backend, claimed: list[Generation]) -> None:
    submission: Submission = claimed[0].submission
    order = Order(submission.model.name, submission.params, len(claimed))
    match backend.submit(order):
        case Accepted():
            for generation in claimed:
                move(generation, State.PROCESSING)
        case Refused() as refused:
            for generation in claimed:
                move(
                    generation,
                    State.FAILED,
                    reason=refused.reason,
                    raw_reason=refused.raw,
                    category=refused.category,
                )
