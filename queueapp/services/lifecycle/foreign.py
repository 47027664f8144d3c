"""Record foreign generations: those that other people and scripts created in a shared hub namespace."""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

from django.utils import timezone

from queueapp.models import Connection, ForeignGeneration, Generation
from queueapp.services.hubs.namespaces import connections_to, get_hub_namespace
from queueapp.states import LIFETIME

#: A hub lists no generation for longer than its lifetime, so older ids do not appear again.
RETENTION = LIFETIME + timedelta(hours=1)


def record_foreign(connection: Connection, models: Mapping[str, str]) -> None:
    """Record the hub's ids that belong to no generation here.

    `models` maps each id to the name of its model. Ids that are recorded already keep their `first_seen_at`.
    """
    recorded = ForeignGeneration.objects.filter(connection=connection, upstream_id__in=models)
    new = set(models) - set(recorded.values_list("upstream_id", flat=True))
    new -= own_ids(connection, models)
    now = timezone.now()
    ForeignGeneration.objects.bulk_create(
        [
            ForeignGeneration(
                connection=connection,
                upstream_id=upstream_id,
                model_name=models[upstream_id][:200],
                first_seen_at=now,
            )
            for upstream_id in sorted(new)
        ],
        ignore_conflicts=True,
    )


def own_ids(connection: Connection, upstream_ids: Iterable[str]) -> set[str]:
    """Return those of the ids that belong to generations of any connection to this hub namespace."""
    own = Generation.objects.filter(
        connection__in=connections_to(get_hub_namespace(connection)), upstream_id__in=upstream_ids
    )
    return set(own.values_list("upstream_id", flat=True))


def known_before(connection: Connection, when: datetime) -> frozenset[str]:
    """Return the foreign ids that were first seen before `when`."""
    rows = ForeignGeneration.objects.filter(connection=connection, first_seen_at__lt=when)
    return frozenset(rows.values_list("upstream_id", flat=True))


def forget(generation: Generation) -> None:
    """Delete the foreign rows with the `upstream_id` of a generation that is not foreign after all."""
    connections = connections_to(get_hub_namespace(generation.connection))
    ForeignGeneration.objects.filter(connection__in=connections, upstream_id=generation.upstream_id).delete()


def delete_old(now: datetime) -> None:
    """Delete rows whose ids cannot appear again."""
    ForeignGeneration.objects.filter(first_seen_at__lt=now - RETENTION).delete()
