"""Watching what a hub has at work: one list for many, and endings only from what the hub clearly says.

A generation has left a hub's list only when a whole, well-formed list lacks it that was asked for after
its release was acknowledged. Every other answer says nothing about any generation.
"""

from collections.abc import Mapping, Sequence
from datetime import timedelta

from django.utils import timezone

from queueapp.models import Generation, MediaModel
from queueapp.rounds import WHOLE, Round
from queueapp.services import elsewhere, endings, watching
from queueapp.upstream import (
    BadKey,
    Listing,
    NotOffered,
    NotThere,
    Refused,
    Revision,
    Row,
    Unclear,
    UpstreamError,
    backoff,
)

#: Seconds until the next look at what a list lacks and nothing explains yet, and after trouble with it;
#: the second doubles with each failure in a row, up to the third, so that a list which cannot be had
#: leaves the hub time for everything else.
SOON, LATER, LATEST = 1.5, 5.0, 120.0
#: Seconds between looks at what a current hub says it has not, although its rows persist: a copy of its
#: database that lags behind, or a restart, must not end what goes on.
MISSING = (1.5, 3.0, 6.0, 12.0, 24.0)
#: The same on a bridge hub, whose event may be late.
MISSING_ON_BRIDGE = (SOON,)
#: No generation costs as much; what says so is no cost.
DEAREST = 1_000_000
#: Seconds after which the cost is asked for again, by how long ago the generation ended.
COST_PAUSES = ((60, 10), (600, 60), (6 * 3600, 1800))


def look(round_: Round) -> None:
    """See what has become of everything that is due."""
    for generation in watching.told_of(round_.connection):
        if not round_.over:
            _ask_about(generation, round_)
    models = watching.due_models(round_.connection, timezone.now())
    if models and round_.client.revision is Revision.CURRENT:
        _look_at(round_, None)
        return
    for model in models:
        if not round_.over:
            _look_at(round_, model)


def _look_at(round_: Round, model: MediaModel | None) -> None:
    """One list (of one model, or of everything), and what follows from it.

    It tells only about those that were watched before it was asked for.
    """
    watched = watching.watched(round_.connection).select_related("model")
    before = list(watched.filter(model=model) if model else watched)
    # Put off first: a list that cannot be had must not stand before the others in the next round.
    watching.look_later(before, timezone.now(), LATER)
    with round_.spared():
        try:
            listing = round_.client.listing(model.name if model else None)
        except (Unclear, Refused) as error:
            watching.look_later(before, timezone.now(), _seldom(error, round_.connection.failures))
            raise
        round_.went_well()
        _note_others(round_, listing, before)
        _compare(round_, listing, before)


def _seldom(error: UpstreamError, failures: int) -> float:
    """Seconds until a list that could not be had is asked for again."""
    if isinstance(error, Refused):
        return LATEST
    return backoff(failures, lambda: 1.0, base=LATER, longest=LATEST)


def _compare(round_: Round, listing: Listing, before: Sequence[Generation]) -> None:
    rows = {row.id: row for row in listing.rows}
    over = [one for one in before if (row := rows.get(one.upstream_id)) and endings.is_over(one, row)]
    gone = [one for one in before if one.upstream_id not in rows]
    missing = [one for one in gone if not _under_its_parameter(one, rows)]
    done = {one.pk for one in over + missing}
    watching.still_going([one for one in before if one.pk not in done], timezone.now())
    for one in over:
        endings.by_row(one, rows[one.upstream_id])
    for one in missing:
        _missing(one, round_)


def _under_its_parameter(generation: Generation, rows: Mapping[str, Row]) -> bool:
    """Whether its row may be there under a parameter of its own that is named like the hub's name for it,
    for a hub may put it in that one's place."""
    return str(generation.submission.params.get("generation_id", "")) in rows


def _note_others(round_: Round, listing: Listing, ours: Sequence[Generation]) -> None:
    known = {one.upstream_id for one in ours}
    others = {row.id: row.model or "" for row in listing.rows if row.id not in known}
    if others:
        elsewhere.saw(round_.connection, others)


def _missing(generation: Generation, round_: Round) -> None:
    """The list lacks it: on a classic hub it is over; the others can be asked about the one."""
    if round_.client.revision is Revision.CLASSIC:
        endings.left(generation)
    elif round_.over:
        watching.look_again(generation, timezone.now(), 0.0)
    else:
        _ask_about(generation, round_, listed=False)


def _ask_about(generation: Generation, round_: Round, *, listed: bool = True) -> None:
    """Ask for the one; what the hub says of it, or that it has none of it, decides. `listed` is whether a
    list may still have it."""
    watching.look_again(generation, timezone.now(), LATER)
    with round_.spared():
        try:
            row = round_.client.one(generation.upstream_id)
        except NotThere:
            _gone(generation, round_)
            return
        except BadKey as error:
            if error.status == 403:
                return  # About this one alone: somebody else's, perhaps. The list tells about the key.
            raise
        if endings.is_over(generation, row):
            endings.by_row(generation, row)
        elif row.ended and not listed:
            endings.left(generation)  # It is over, and what the row says of how cannot be believed.
        elif round_.client.revision is Revision.CURRENT:
            watching.look_again(generation, timezone.now(), SOON, told=None)
        else:
            # The row is about to go, and what the event told is all that will ever be told.
            watching.look_again(generation, timezone.now(), SOON)


def _gone(generation: Generation, round_: Round) -> None:
    """The hub has none of this. Where nothing was told yet, what an event has to tell may still arrive."""
    current = round_.client.revision is Revision.CURRENT
    pauses = MISSING if current else MISSING_ON_BRIDGE
    if generation.told:
        endings.left(generation)
    elif generation.looks < len(pauses):
        pause = pauses[generation.looks]
        watching.look_again(generation, timezone.now(), pause, looks=generation.looks + 1)
    elif current:
        endings.vanished(generation)
    else:
        endings.left(generation)


def ask_for_costs(round_: Round) -> None:
    """Write down what ended generations cost, where the hub tells it."""
    for generation in watching.costs_due(round_.connection, timezone.now()):
        if round_.over or not _ask_for_cost(generation, round_):
            return


def _ask_for_cost(generation: Generation, round_: Round) -> bool:
    """Whether it is worth asking for another: where the history is closed or broken, the queue may work."""
    now = timezone.now()
    age = (now - (generation.ended_at or now)).total_seconds()
    pause = next((pause for limit, pause in COST_PAUSES if age < limit), None)
    watching.cost_later(generation, None if pause is None else now + timedelta(seconds=pause))
    try:
        cost = round_.client.generation(generation.upstream_id).cost
    except (NotOffered, NotThere):
        watching.cost_later(generation, None)
        return True
    except UpstreamError as error:
        if isinstance(error, WHOLE) and not isinstance(error, BadKey):
            raise
        return False
    if cost is not None and 0 <= (cost := round(cost, 6)) < DEAREST:
        watching.cost_is(generation, cost)
    return True
