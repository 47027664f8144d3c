"""Changing a generation: the only code that writes a state.

A change is one conditional update whose row count says who won. It, its line in the timeline and the
namespace's new version are one transaction. The namespace's row is always written first: it is the lock
under which versions come out in order, and taking it first keeps two changes from waiting for each other.
"""

from typing import Any

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import F, Q, Subquery
from django.utils import timezone

from queueapp.models import Event, Generation, Namespace
from queueapp.services import coordination
from queueapp.states import ENDED, State, states_before


def transition(
    generation: Generation,
    to: State,
    *,
    user: User | None = None,
    text: str = "",
    where: Q | None = None,
    **fields: Any,
) -> bool:
    """Move a generation if it may still move there and `where` holds; True for the one caller who won.

    `fields` are written with the state. `text` is the timeline's explanation. On an ending the pump is
    told, because a place has become free.
    """
    now = timezone.now()
    if to in ENDED:
        fields.setdefault("ended_at", now)
    elif to in (State.QUEUED, State.SUBMITTING):
        fields["released_at"] = None if to == State.QUEUED else now
    for name, longest in (("reason", 500), ("category", 30)):
        if name in fields:
            fields[name] = fields[name][:longest]
    allowed = Q(state__in=states_before(to)) & (where or Q())
    with transaction.atomic():
        if not _update(generation, allowed, state=to, **fields):
            transaction.set_rollback(True)  # The namespace has not changed.
            return False
        Event.objects.create(
            generation=generation, at=now, kind="moved", state=to, user=user, text=text[:500]
        )
        if to in ENDED:
            transaction.on_commit(coordination.wake_poller, robust=True)
    return True


def log_event(
    generation: Generation,
    kind: str,
    *,
    user: User | None = None,
    text: str = "",
    where: Q | None = None,
    **fields: Any,
) -> bool:
    """Write `fields` and a line of the timeline without a change of state; False if `where` did not hold."""
    with transaction.atomic():
        if not _update(generation, where or Q(), **fields):
            transaction.set_rollback(True)
            return False
        Event.objects.create(generation=generation, kind=kind, user=user, text=text[:500])
    return True


def bump_version(generation: Generation) -> None:
    """Raise the version alone: something that the pages show of it has changed beside it."""
    with transaction.atomic():
        _update(generation, Q())


def next_version(namespace_id: int) -> int:
    """Raise and return the namespace's version. Call inside a transaction; holds the row until its end."""
    Namespace.objects.filter(pk=namespace_id).update(version=F("version") + 1)
    return Namespace.objects.values_list("version", flat=True).get(pk=namespace_id)


def _update(generation: Generation, allowed: Q, **fields: Any) -> int:
    Namespace.objects.filter(pk=generation.namespace_id).update(version=F("version") + 1)
    version = Namespace.objects.filter(pk=generation.namespace_id).values("version")
    matching = Generation.objects.filter(allowed, pk=generation.pk)
    return matching.update(version=Subquery(version), **fields)
