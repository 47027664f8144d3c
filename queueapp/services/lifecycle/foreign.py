"""What other people and scripts make in a namespace that is shared with them: counted, and left alone."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from django.utils import timezone

from queueapp.models import Connection, ForeignGeneration, Generation
from queueapp.services.hubs.namespaces import connections_to, get_hub_namespace

#: The hub lets nothing live longer; after that a name cannot come up again.
RETENTION = timedelta(hours=25)


def record_foreign(connection: Connection, models: Mapping[str, str]) -> None:
    """Remember the hub's names (upstream id -> model) that are nobody's here, and since when."""
    known = ForeignGeneration.objects.filter(connection=connection, upstream_id__in=models)
    ours = Generation.objects.filter(
        connection__in=connections_to(get_hub_namespace(connection)), upstream_id__in=models
    )
    new = set(models) - set(known.values_list("upstream_id", flat=True))
    new -= set(ours.values_list("upstream_id", flat=True))
    now = timezone.now()
    ForeignGeneration.objects.bulk_create(
        [
            ForeignGeneration(
                connection=connection,
                upstream_id=name,
                model_name=models[name][:200],
                first_seen_at=now,
            )
            for name in sorted(new)
        ],
        ignore_conflicts=True,
    )


def known_before(connection: Connection, when: datetime) -> frozenset[str]:
    """The hub's names that were there already at that time."""
    rows = ForeignGeneration.objects.filter(connection=connection, first_seen_at__lt=when)
    return frozenset(rows.values_list("upstream_id", flat=True))


def forget(generation: Generation) -> None:
    """What was taken for somebody else's turns out to be a generation of ours."""
    there = connections_to(get_hub_namespace(generation.connection))
    ForeignGeneration.objects.filter(connection__in=there, upstream_id=generation.upstream_id).delete()


def delete_old(now: datetime) -> None:
    """Forget what cannot come up again."""
    ForeignGeneration.objects.filter(first_seen_at__lt=now - RETENTION).delete()
