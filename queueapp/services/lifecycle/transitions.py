"""Change generations: the only code that writes a state.

Each change is one transaction of three writes: the namespace's version, the generation, and an event in its
timeline. The generation is written by a conditional UPDATE, and its row count decides which of several
concurrent callers wins.

The namespace is always written first. Its row is the lock that makes versions appear in order, and the fixed
order of the two locks prevents deadlocks.
"""

from typing import Any

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import F, Q, Subquery
from django.utils import timezone

from queueapp.models import Event, Generation, Namespace
from queueapp.services import coordination
from queueapp.states import ENDED, State, states_before

#: The longest values of text columns that can be filled with text from a hub; more is cut off.
_MAX_LENGTHS = {"reason": 500, "category": 30}
_MAX_EVENT_TEXT = 500


def transition(
    generation: Generation,
    to: State,
    *,
    user: User | None = None,
    text: str = "",
    where: Q | None = None,
    **fields: Any,
) -> bool:
    """Change the state if the current state allows it and `where` matches; return whether this call did it.

    `fields` are written together with the state. `user` and `text` appear in the timeline. An ending wakes
    the poller after the commit, because it frees capacity.
    """
    now = timezone.now()
    if to in ENDED:
        fields.setdefault("ended_at", now)
    elif to in (State.QUEUED, State.SUBMITTING):
        fields["released_at"] = None if to == State.QUEUED else now
    for name in fields.keys() & _MAX_LENGTHS.keys():
        fields[name] = fields[name][: _MAX_LENGTHS[name]]
    allowed = Q(state__in=states_before(to)) & (where or Q())
    with transaction.atomic():
        if not _update_with_version(generation, allowed, state=to, **fields):
            transaction.set_rollback(True)  # Undo the new version of the namespace.
            return False
        _create_event(generation, Event.Kind.STATE_CHANGED, at=now, state=to, user=user, text=text)
        if to in ENDED:
            transaction.on_commit(coordination.wake_poller, robust=True)
    return True


def log_event(
    generation: Generation,
    kind: Event.Kind,
    *,
    user: User | None = None,
    text: str = "",
    where: Q | None = None,
    **fields: Any,
) -> bool:
    """Write `fields` and an event without a change of state; return False if `where` does not match."""
    with transaction.atomic():
        if not _update_with_version(generation, where or Q(), **fields):
            transaction.set_rollback(True)  # Undo the new version of the namespace.
            return False
        _create_event(generation, kind, user=user, text=text)
    return True


def bump_version(generation: Generation) -> None:
    """Mark a generation as changed, for a change in a related row that its pages show."""
    with transaction.atomic():
        _update_with_version(generation, Q())


def next_version(namespace_id: int) -> int:
    """Increment and return the namespace's version; the caller's transaction keeps the row locked."""
    _increment_version(namespace_id)
    return Namespace.objects.values_list("version", flat=True).get(pk=namespace_id)


def _update_with_version(generation: Generation, allowed: Q, **fields: Any) -> int:
    """Write `fields` and a new version if `allowed` matches; return the number of rows written, 0 or 1.

    The namespace keeps its new version in either case, so a caller that gets 0 must roll back.
    """
    _increment_version(generation.namespace_id)
    version = Namespace.objects.filter(pk=generation.namespace_id).values("version")
    matching = Generation.objects.filter(allowed, pk=generation.pk)
    return matching.update(version=Subquery(version), **fields)


def _increment_version(namespace_id: int) -> None:
    Namespace.objects.filter(pk=namespace_id).update(version=F("version") + 1)


def _create_event(generation: Generation, kind: Event.Kind, *, text: str, **fields: Any) -> None:
    Event.objects.create(generation=generation, kind=kind, text=text[:_MAX_EVENT_TEXT], **fields)
