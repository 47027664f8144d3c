"""Decide when each generation at a hub is polled next, and record what polls and events found.

Pages show nothing of these writes, so they neither increment a version nor create an event.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Min, Q
from django.utils import timezone

from queueapp.models import Connection, Generation, MediaModel
from queueapp.models.generations import GenerationQuerySet
from queueapp.states import State

#: Seconds between two polls, shortest and longest, as the hub's documentation advises.
POLL_INTERVALS: Mapping[str, tuple[float, float]] = {
    MediaModel.Media.IMAGE: (2.0, 5.0),
    MediaModel.Media.VIDEO: (10.0, 30.0),
}
#: Seconds after which a generation is polled less often, and by which factor.
LONG_RUNNING_SECONDS, LONG_RUNNING_FACTOR = 3600, 4
#: Ticks are not exact. A poll that becomes due within this time is made now instead of one tick late.
DUE_TOLERANCE = timedelta(seconds=0.3)
_UNCHANGED: Any = object()


def poll_interval(media: str, age: float) -> float:
    """Return the seconds until the next poll of a generation that was released `age` seconds ago.

    It is a tenth of the age within the bounds of the media type, and longer for a long-running generation.
    """
    shortest, longest = POLL_INTERVALS.get(media, POLL_INTERVALS[MediaModel.Media.IMAGE])
    if age > LONG_RUNNING_SECONDS:
        return longest * LONG_RUNNING_FACTOR
    return min(max(age / 10, shortest), longest)


def at_hub(connection: Connection) -> GenerationQuerySet:
    """Return the generations that the hub is processing under a known `upstream_id`."""
    processing = Generation.objects.in_flight().filter(connection=connection, state=State.PROCESSING)
    return processing.exclude(upstream_id="")


def with_completion_event(connection: Connection) -> list[Generation]:
    """Return the due generations with a completion event that no poll has confirmed yet."""
    due = at_hub(connection).filter(is_due(timezone.now()), completion_event__isnull=False)
    return list(due.select_related("model"))


def due_models(connection: Connection, now: datetime) -> list[MediaModel]:
    """Return the models with at least one due generation, the longest due first."""
    dues = at_hub(connection).order_by().values("model_id").annotate(due=Min("next_poll_at"))
    due_at = {
        model_id: due or datetime.min.replace(tzinfo=now.tzinfo)
        for model_id, due in dues.filter(_is_past("due", now)).values_list("model_id", "due")
    }
    models = MediaModel.objects.only("pk", "name", "media_type", "connection_id").filter(pk__in=due_at)
    return sorted(models, key=lambda model: due_at[model.pk])


def is_due(now: datetime) -> Q:
    """Return the condition for generations that are to be polled now."""
    return _is_past("next_poll_at", now)


def _is_past(column: str, now: datetime) -> Q:
    return Q(**{column: None}) | Q(**{f"{column}__lte": now + DUE_TOLERANCE})


def record_listed(listed: Sequence[Generation], now: datetime) -> None:
    """Record that the hub's list contained these, and schedule their next poll.

    All of one media type are polled together, as often as the youngest of them requires.
    """
    for media in {generation.model.media_type for generation in listed}:
        same_media = [generation for generation in listed if generation.model.media_type == media]
        youngest = max(generation.released_at or generation.enqueued_at for generation in same_media)
        rows = Generation.objects.live().among(same_media)
        rows.update(last_polled_at=now, missing_polls=0)
        # A generation with a completion event stays due, so that the event is confirmed at once.
        interval = timedelta(seconds=poll_interval(media, (now - youngest).total_seconds()))
        rows.filter(completion_event=None).update(next_poll_at=now + interval)


def postpone(generations: Sequence[Generation], now: datetime, seconds: float) -> None:
    """Schedule the next poll of these after `seconds`."""
    Generation.objects.live().among(generations).update(next_poll_at=now + timedelta(seconds=seconds))


def poll_again(
    generation: Generation,
    now: datetime,
    seconds: float,
    *,
    missing_polls: int | None = None,
    completion_event: Any = _UNCHANGED,
) -> None:
    """Record a poll and schedule the next one after `seconds`.

    `missing_polls` is the new number of polls in a row that did not find the generation. `completion_event`
    replaces the stored event; None deletes it.
    """
    fields: dict[str, Any] = {"next_poll_at": now + timedelta(seconds=seconds), "last_polled_at": now}
    if missing_polls is not None:
        fields["missing_polls"] = missing_polls
    if completion_event is not _UNCHANGED:
        fields["completion_event"] = completion_event
    Generation.objects.live().filter(pk=generation.pk).update(**fields)


def poll_all_now(connection: Connection) -> None:
    """Make every generation at the hub due, because events may have been missed."""
    at_hub(connection).update(next_poll_at=None)


def record_completion_event(
    connection: Connection, upstream_id: str, ending: Mapping[str, str]
) -> Generation | None:
    """Store a completion event and make its generation due; return it, or None for an unknown id.

    An event alone does not end a generation that the hub still lists. A poll has to confirm it.
    """
    states = (State.PROCESSING, State.FINISHED)
    rows = Generation.objects.filter(connection=connection, upstream_id=upstream_id, state__in=states)
    # Write before reading. A concurrent ending then either finds the event, or its state is read here.
    rows.update(completion_event=dict(ending), next_poll_at=None)
    return rows.select_related("model").first()
