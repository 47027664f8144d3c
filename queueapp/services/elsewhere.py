"""What other people and scripts make in a namespace that is shared with them: counted, and left alone."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from django.utils import timezone

from queueapp.models import Connection, Generation, MadeElsewhere
from queueapp.services.places import at, place_of

#: The hub lets nothing live longer; after that a name cannot come up again.
KEPT = timedelta(hours=25)


def saw(connection: Connection, models: Mapping[str, str]) -> None:
    """Remember the hub's names (upstream id -> model) that are nobody's here, and since when."""
    known = MadeElsewhere.objects.filter(connection=connection, upstream_id__in=models)
    ours = Generation.objects.filter(connection__in=at(place_of(connection)), upstream_id__in=models)
    new = set(models) - set(known.values_list("upstream_id", flat=True))
    new -= set(ours.values_list("upstream_id", flat=True))
    now = timezone.now()
    MadeElsewhere.objects.bulk_create(
        [
            MadeElsewhere(
                connection=connection,
                upstream_id=name,
                model_name=models[name][:200],
                first_seen_at=now,
            )
            for name in sorted(new)
        ],
        ignore_conflicts=True,
    )


def seen_before(connection: Connection, when: datetime) -> frozenset[str]:
    """The hub's names that were there already at that time."""
    rows = MadeElsewhere.objects.filter(connection=connection, first_seen_at__lt=when)
    return frozenset(rows.values_list("upstream_id", flat=True))


def is_ours(generation: Generation) -> None:
    """What was taken for somebody else's turns out to be a generation of ours."""
    there = at(place_of(generation.connection))
    MadeElsewhere.objects.filter(connection__in=there, upstream_id=generation.upstream_id).delete()


def sweep(now: datetime) -> None:
    """Forget what cannot come up again."""
    MadeElsewhere.objects.filter(first_seen_at__lt=now - KEPT).delete()
