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
from queueapp.services.lifecycle.transitions import log_event
from queueapp.states import State

#: Seconds between two looks, at first and at most, as the hub's documentation advises.
POLL_INTERVALS: Mapping[str, tuple[float, float]] = {
    MediaModel.Media.IMAGE: (2.0, 5.0),
    MediaModel.Media.VIDEO: (10.0, 30.0),
}
#: A tick comes a little early or late; what falls due within this is due.
DUE_TOLERANCE = timedelta(seconds=0.3)
#: How many generations' costs are asked for in one round.
COSTS_PER_VISIT = 5
_UNCHANGED: Any = object()


def poll_interval(media: str, age: float) -> float:
    """Seconds until the next look at what has been going for `age` seconds: a tenth of it, within bounds;
    four times as seldom after an hour."""
    least, most = POLL_INTERVALS.get(media, POLL_INTERVALS[MediaModel.Media.IMAGE])
    return most * 4 if age > 3600 else min(max(age / 10, least), most)


def at_hub(connection: Connection) -> GenerationQuerySet:
    """What the hub has, under names that are known."""
    going = Generation.objects.at_work().filter(connection=connection, state=State.PROCESSING)
    return going.exclude(upstream_id="")


def with_completion_event(connection: Connection) -> list[Generation]:
    """Those of which an event has told the ending, and no look has confirmed it yet."""
    told = at_hub(connection).filter(is_due(timezone.now()), completion_event__isnull=False)
    return list(told.select_related("model"))


def due_models(connection: Connection, now: datetime) -> list[MediaModel]:
    """The models of which something is due for a look, the longest due first."""
    dues = at_hub(connection).order_by().values("model_id").annotate(due=Min("next_poll_at"))
    wanted = dues.filter(_is_past("due", now)).values_list("model_id", "due")
    order = {model: due or datetime.min.replace(tzinfo=now.tzinfo) for model, due in wanted}
    models = MediaModel.objects.only("pk", "name", "media_type", "connection_id").filter(pk__in=order)
    return sorted(models, key=lambda model: order[model.pk])


def is_due(now: datetime) -> Q:
    """Those that are to be looked at now."""
    return _is_past("next_poll_at", now)


def _is_past(name: str, now: datetime) -> Q:
    return Q(**{name: None}) | Q(**{f"{name}__lte": now + DUE_TOLERANCE})


def record_listed(going: Sequence[Generation], now: datetime) -> None:
    """These were in the hub's list; look again when the youngest of each kind wants it."""
    for media in {one.model.media_type for one in going}:
        same = [one for one in going if one.model.media_type == media]
        youngest = max(one.released_at or one.enqueued_at for one in same)
        after = poll_interval(media, (now - youngest).total_seconds())
        _update(same, last_polled_at=now, missing_polls=0)
        # What an event has told meanwhile is to be looked at at once.
        _update(same, where=Q(completion_event=None), next_poll_at=now + timedelta(seconds=after))


def postpone(chosen: Sequence[Generation], now: datetime, seconds: float) -> None:
    """Look at these again after so long, unless something sooner is written after this."""
    _update(chosen, next_poll_at=now + timedelta(seconds=seconds))


def poll_again(
    generation: Generation,
    now: datetime,
    seconds: float,
    *,
    missing_polls: int | None = None,
    completion_event: Any = _UNCHANGED,
) -> None:
    """Look at this one again after so long; `missing_polls` counts those in which it was not found."""
    fields: dict[str, Any] = {"next_poll_at": now + timedelta(seconds=seconds), "last_polled_at": now}
    if missing_polls is not None:
        fields["missing_polls"] = missing_polls
    if completion_event is not _UNCHANGED:
        fields["completion_event"] = completion_event
    _update([generation], **fields)


def poll_all_now(connection: Connection) -> None:
    """Look at everything in the next round: something may have happened that was not told."""
    at_hub(connection).update(next_poll_at=None)


def record_completion_event(
    connection: Connection, upstream_id: str, ending: Mapping[str, str]
) -> Generation | None:
    """Keep what an event told of an ending, to be confirmed by a look; None for what is not known here.

    An event alone ends nothing that the hub still lists.
    """
    states = (State.PROCESSING, State.FINISHED)
    found = Generation.objects.filter(connection=connection, upstream_id=upstream_id, state__in=states)
    # Written before it is read: who ends the generation meanwhile either sees it, or is seen here.
    found.update(completion_event=dict(ending), next_poll_at=None)
    return found.select_related("model").first()


def record_cancel_sending(generation: Generation) -> None:
    """A cancel is about to be sent: until its answer is here, nobody knows whether it stops this one."""
    _update([generation], cancel_answer=Generation.CancelAnswer.UNCLEAR)


def record_cancel_not_sent(generation: Generation) -> None:
    """The cancel that was to be sent did nothing at the hub: what was known before it holds."""
    _update([generation], cancel_answer=generation.cancel_answer)


def record_cancel_answer(generation: Generation, answer: Generation.CancelAnswer, text: str) -> None:
    """What the hub said to a cancel; the generation is looked at again at once."""
    log_event(
        generation,
        "cancel answered",
        text=text,
        where=Q(state=State.PROCESSING),
        cancel_answer=answer,
        next_poll_at=None,
    )


def record_cancel_refused(generation: Generation, text: str) -> None:
    """The hub will not stop it: it goes on, and may be asked to stop again."""
    log_event(
        generation,
        "cancel refused",
        text=text,
        where=Q(state=State.PROCESSING),
        cancel_answer=Generation.CancelAnswer.REFUSED,
        cancel_requested_at=None,
        cancel_requested_by=None,
        next_poll_at=None,
    )


def costs_due(connection: Connection, now: datetime) -> list[Generation]:
    """Ended generations whose cost is to be asked for now."""
    due = Generation.objects.filter(connection=connection, cost_check_at__lte=now)
    return list(due.order_by("cost_check_at")[:COSTS_PER_VISIT])


def schedule_cost_check(generation: Generation, at: datetime | None) -> None:
    """When to ask for the cost again; None: it will not be told."""
    Generation.objects.filter(pk=generation.pk).update(cost_check_at=at)


def record_cost(generation: Generation, cost: Decimal) -> None:
    """Write down what a generation cost, in the hub's money."""
    log_event(generation, "cost told", text=f"{cost.normalize():f}", cost=cost, cost_check_at=None)


def _update(chosen: Iterable[Generation], where: Q | None = None, **fields: Any) -> None:
    Generation.objects.live().filter(where or Q(), pk__in=[one.pk for one in chosen]).update(**fields)
