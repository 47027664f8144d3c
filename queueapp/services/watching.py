"""What is written while a hub's work is watched: when it was last seen, when to look again.

Most of this is no change that a person sees: it raises no version and leaves no line in the timeline.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db.models import Min, Q
from django.utils import timezone

from queueapp.models import Connection, Generation, MediaModel
from queueapp.models.generations import GenerationQuerySet
from queueapp.services.moves import note
from queueapp.states import State

#: Seconds between two looks, at first and at most, as the hub's documentation advises.
CADENCE: Mapping[str, tuple[float, float]] = {
    MediaModel.Media.IMAGE: (2.0, 5.0),
    MediaModel.Media.VIDEO: (10.0, 30.0),
}
#: A tick comes a little early or late; what falls due within this is due.
GRAIN = timedelta(seconds=0.3)
#: How many generations' costs are asked for in one round.
COSTS = 5
_KEEP: Any = object()


def pause(media: str, age: float) -> float:
    """Seconds until the next look at what has been going for `age` seconds: a tenth of it, within bounds;
    four times as seldom after an hour."""
    least, most = CADENCE.get(media, CADENCE[MediaModel.Media.IMAGE])
    return most * 4 if age > 3600 else min(max(age / 10, least), most)


def watched(connection: Connection) -> GenerationQuerySet:
    """What the hub has, under names that are known."""
    going = Generation.objects.at_work().filter(connection=connection, state=State.PROCESSING)
    return going.exclude(upstream_id="")


def told_of(connection: Connection) -> list[Generation]:
    """Those of which an event has told the ending, and no look has confirmed it yet."""
    told = watched(connection).filter(due(timezone.now()), told__isnull=False)
    return list(told.select_related("model"))


def due_models(connection: Connection, now: datetime) -> list[MediaModel]:
    """The models of which something is due for a look, the longest due first."""
    dues = watched(connection).order_by().values("model_id").annotate(due=Min("next_check_at"))
    wanted = dues.filter(_lies_before("due", now)).values_list("model_id", "due")
    order = {model: due or datetime.min.replace(tzinfo=now.tzinfo) for model, due in wanted}
    models = MediaModel.objects.only("pk", "name", "media_type", "connection_id").filter(pk__in=order)
    return sorted(models, key=lambda model: order[model.pk])


def due(now: datetime) -> Q:
    """Those that are to be looked at now."""
    return _lies_before("next_check_at", now)


def _lies_before(name: str, now: datetime) -> Q:
    return Q(**{name: None}) | Q(**{f"{name}__lte": now + GRAIN})


def still_going(going: Sequence[Generation], now: datetime) -> None:
    """These were in the hub's list; look again when the youngest of each kind wants it."""
    for media in {one.model.media_type for one in going}:
        same = [one for one in going if one.model.media_type == media]
        youngest = max(one.released_at or one.enqueued_at for one in same)
        after = pause(media, (now - youngest).total_seconds())
        _update(same, last_checked_at=now, looks=0)
        # What an event has told meanwhile is to be looked at at once.
        _update(same, where=Q(told=None), next_check_at=now + timedelta(seconds=after))


def look_later(chosen: Sequence[Generation], now: datetime, seconds: float) -> None:
    """Look at these again after so long, unless something sooner is written after this."""
    _update(chosen, next_check_at=now + timedelta(seconds=seconds))


def look_again(
    generation: Generation, now: datetime, seconds: float, *, looks: int | None = None, told: Any = _KEEP
) -> None:
    """Look at this one again after so long; `looks` counts those in which it was not found."""
    fields: dict[str, Any] = {"next_check_at": now + timedelta(seconds=seconds), "last_checked_at": now}
    if looks is not None:
        fields["looks"] = looks
    if told is not _KEEP:
        fields["told"] = told
    _update([generation], **fields)


def look_now(connection: Connection) -> None:
    """Look at everything in the next round: something may have happened that was not told."""
    watched(connection).update(next_check_at=None)


def tell(connection: Connection, upstream_id: str, ending: Mapping[str, str]) -> Generation | None:
    """Keep what an event told of an ending, to be confirmed by a look; None for what is not known here.

    An event alone ends nothing that the hub still lists.
    """
    states = (State.PROCESSING, State.FINISHED)
    found = Generation.objects.filter(connection=connection, upstream_id=upstream_id, state__in=states)
    # Written before it is read: who ends the generation meanwhile either sees it, or is seen here.
    found.update(told=dict(ending), next_check_at=None)
    return found.select_related("model").first()


def cancel_begins(generation: Generation) -> None:
    """A cancel is about to be sent: until its answer is here, nobody knows whether it stops this one."""
    _update([generation], cancel_answer=Generation.CancelAnswer.UNCLEAR)


def cancel_came_to_nothing(generation: Generation) -> None:
    """The cancel that was to be sent did nothing at the hub: what was known before it holds."""
    _update([generation], cancel_answer=generation.cancel_answer)


def cancel_was(generation: Generation, answer: Generation.CancelAnswer, text: str) -> None:
    """What the hub said to a cancel; the generation is looked at again at once."""
    note(
        generation,
        "cancel answered",
        text=text,
        where=Q(state=State.PROCESSING),
        cancel_answer=answer,
        next_check_at=None,
    )


def cancel_refused(generation: Generation, text: str) -> None:
    """The hub will not stop it: it goes on, and may be asked to stop again."""
    note(
        generation,
        "cancel refused",
        text=text,
        where=Q(state=State.PROCESSING),
        cancel_answer=Generation.CancelAnswer.REFUSED,
        cancel_requested_at=None,
        cancel_requested_by=None,
        next_check_at=None,
    )


def costs_due(connection: Connection, now: datetime) -> list[Generation]:
    """Ended generations whose cost is to be asked for now."""
    due = Generation.objects.filter(connection=connection, cost_check_at__lte=now)
    return list(due.order_by("cost_check_at")[:COSTS])


def cost_later(generation: Generation, at: datetime | None) -> None:
    """When to ask for the cost again; None: it will not be told."""
    Generation.objects.filter(pk=generation.pk).update(cost_check_at=at)


def cost_is(generation: Generation, cost: Decimal) -> None:
    """Write down what a generation cost, in the hub's money."""
    note(generation, "cost told", text=f"{cost.normalize():f}", cost=cost, cost_check_at=None)


def _update(chosen: Iterable[Generation], where: Q | None = None, **fields: Any) -> None:
    Generation.objects.live().filter(where or Q(), pk__in=[one.pk for one in chosen]).update(**fields)
