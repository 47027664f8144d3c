"""Build the timeline of a generation from its events."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.utils import timezone

from dashboard.formatting import format_duration
from queueapp.models import Event, Generation
from queueapp.states import STATE_TEXTS, State

#: Seconds between two events from which on the timeline shows the time between them.
_MIN_SHOWN_DELAY = 0.1
#: The two events of an attempt that the backend refused for now.
_REFUSED_ATTEMPT = [State.SUBMITTING, State.QUEUED]


@dataclass(frozen=True, slots=True)
class TimelineEntry:
    """One line of the timeline. `delay` is the time since the line before, as text."""

    at: datetime
    state: str
    label: str
    text: str
    user: str
    delay: str


def build_timeline(generation: Generation) -> tuple[TimelineEntry, ...]:
    """Return the entries, the oldest first. Consecutive refused attempts are merged into one entry."""
    return tuple(_entries(list(generation.events.select_related("user"))))


def _entries(events: Sequence[Event]) -> Iterator[TimelineEntry]:
    previous: datetime | None = None
    index = 0
    while index < len(events):
        attempts = _count_refused_attempts(events[index:])
        merged = 2 * attempts if attempts > 1 else 1
        event = events[index + merged - 1]
        text = event.text
        if attempts > 1:
            since = timezone.localtime(events[index].at)
            text = f"Tried {attempts} times since {since:%H:%M:%S}. Last answer: {event.text}"
        yield _entry(event, text, previous)
        previous = event.at
        index += merged


def _count_refused_attempts(events: Sequence[Event]) -> int:
    """Count the refused attempts that these events begin with."""
    attempts = 0
    while [_state(event) for event in events[2 * attempts : 2 * attempts + 2]] == _REFUSED_ATTEMPT:
        attempts += 1
    return attempts


def _state(event: Event) -> str:
    return event.state if event.kind == Event.Kind.STATE_CHANGED else ""


def _entry(event: Event, text: str, previous: datetime | None) -> TimelineEntry:
    state = _state(event)
    return TimelineEntry(
        at=event.at,
        state=state or "note",
        label=STATE_TEXTS[State(state)].label if state else event.get_kind_display(),
        text=text,
        user=event.user.get_username() if event.user else "",
        delay=_delay(previous, event.at),
    )


def _delay(previous: datetime | None, at: datetime) -> str:
    seconds = (at - previous).total_seconds() if previous else 0.0
    return f"+{format_duration(seconds)}" if seconds >= _MIN_SHOWN_DELAY else ""
