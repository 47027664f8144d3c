"""Choose the waiting submissions that go to their backend next, fairly by user."""

import time
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby
from uuid import UUID

from django.db.models import Exists, F, OuterRef
from django.utils import timezone

from queueapp.backends import get_backend
from queueapp.models import Connection, FairShare, Generation
from queueapp.models.generations import GenerationQuerySet
from queueapp.poller import submit
from queueapp.services.hubs import health

#: Generations of one user's queue that one release considers. The rest waits for the next tick.
MAX_GENERATIONS_PER_USER = 64
#: Seconds after which a release submits nothing more. The rest waits for the next tick.
TIME_LIMIT = 8.0


@dataclass(frozen=True, slots=True)
class WaitingSubmission:
    """A waiting submission: its user, and how many of its generations are waiting."""

    submission_id: UUID
    user_id: int
    size: int


def release_submissions(connection: Connection, fence: int) -> None:
    """Submit the waiting submissions that fit into the connection's capacity.

    Ends early when the time is up, or when the connection accepts no more work. `fence` is the number of
    the caller's poller lease. Raises what `get_backend` raises.
    """
    backend = get_backend(connection)
    deadline = time.monotonic() + TIME_LIMIT
    running = Generation.objects.in_flight().filter(connection=connection).count()
    queues = _queues_by_user(connection)
    for waiting in choose_submissions(queues, capacity=connection.capacity, running=running):
        if time.monotonic() > deadline or not health.accepts_work(connection, timezone.now()):
            return
        submit.submit_submission(backend, connection, waiting.submission_id, waiting.user_id, fence)


def choose_submissions(
    queues: Iterable[Iterator[WaitingSubmission]], *, capacity: int, running: int
) -> list[WaitingSubmission]:
    """Return the submissions that fit into the free capacity, round-robin by user, the first queue first.

    Each queue is one user's. A submission that does not fit keeps the free capacity reserved: the users
    after it wait, too. A submission larger than the whole capacity is chosen alone, when nothing is running.
    """
    free = capacity - running
    turns = deque(queues)
    chosen: list[WaitingSubmission] = []
    while turns and free > 0:
        queue = turns.popleft()
        submission = next(queue, None)
        if submission is None:
            continue
        goes_alone = submission.size > capacity and running == 0 and not chosen
        if submission.size > free and not goes_alone:
            break
        chosen.append(submission)
        free -= submission.size
        turns.append(queue)
    return chosen


def _queues_by_user(connection: Connection) -> list[Iterator[WaitingSubmission]]:
    """Return the queue of each user with waiting generations, the user served longest ago first."""
    waiting = _waiting(connection).filter(user=OuterRef("user"))
    users = (
        FairShare.objects.filter(Exists(waiting), connection=connection)
        .order_by(F("released_at").asc(nulls_first=True), "pk")
        .values_list("user_id", flat=True)
    )
    return [_queue_of_user(connection, user_id) for user_id in users]


def _queue_of_user(connection: Connection, user_id: int) -> Iterator[WaitingSubmission]:
    """Yield a user's waiting submissions, the oldest first. Queries the database on first use."""
    submission_ids = (
        _waiting(connection)
        .filter(user_id=user_id)
        .order_by("enqueued_at", "submission_id", "ordinal")
        .values_list("submission_id", flat=True)[:MAX_GENERATIONS_PER_USER]
    )
    sizes = [(submission_id, len(list(group))) for submission_id, group in groupby(submission_ids)]
    if len(sizes) > 1 and sum(size for _, size in sizes) == MAX_GENERATIONS_PER_USER:
        sizes.pop()  # The limit may have cut this submission short.
    for submission_id, size in sizes:
        yield WaitingSubmission(submission_id, user_id, size)


def _waiting(connection: Connection) -> GenerationQuerySet:
    return Generation.objects.waiting().filter(connection=connection, cancel_requested_at=None)
