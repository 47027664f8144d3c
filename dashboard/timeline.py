"""What happened to a generation, line by line, as its page tells it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.utils import timezone

from dashboard import pages
from queueapp.models import Event, Generation
from queueapp.states import STATE_TEXTS, State


@dataclass(frozen=True, slots=True)
class Moment:
    """One line of the timeline. `after` is the time since the line before."""

    at: datetime
    state: str
    label: str
    text: str
    who: str
    after: str


def timeline_of(generation: Generation) -> tuple[Moment, ...]:
    """Every line, the first first. Tries that were refused for now one after another are one line."""
    events = list(generation.events.select_related("user"))
    return tuple(_moments(events))


def _moments(events: Sequence[Event]) -> Iterator[Moment]:
    before: datetime | None = None
    place = 0
    while place < len(events):
        tries = _tries(events, place)
        event, text = events[place], events[place].text
        if tries > 1:
            began, event = event.at, events[place + 2 * tries - 1]
            text = (
                f"Tried {tries} times since {timezone.localtime(began):%H:%M:%S}. The last time: {event.text}"
            )
        yield _moment(event, text, before)
        before = event.at
        place += 2 * tries if tries > 1 else 1


def _tries(events: Sequence[Event], place: int) -> int:
    """How many pairs of being sent and put back follow each other from there on."""
    tries = 0
    while [_state(event) for event in events[place : place + 2]] == [State.SUBMITTING, State.QUEUED]:
        tries, place = tries + 1, place + 2
    return tries


def _state(event: Event) -> str:
    return event.state if event.kind == Event.Kind.STATE_CHANGED else ""


def _moment(event: Event, text: str, before: datetime | None) -> Moment:
    state = _state(event)
    return Moment(
        at=event.at,
        state=state or "note",
        label=STATE_TEXTS[State(state)].label if state else event.get_kind_display(),
        text=text,
        who=event.user.get_username() if event.user else "",
        after=_after(before, event.at),
    )


def _after(before: datetime | None, at: datetime) -> str:
    seconds = (at - before).total_seconds() if before else 0.0
    return f"+{pages.span(seconds)}" if seconds >= 0.1 else ""
