"""The models of hubs: asking for them, and keeping what they list."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone
from django_q.tasks import async_task

from queueapp.models import Connection, MediaModel
from queueapp.services import workers
from queueapp.upstream import ModelEntry

#: How old the known models of a hub may be.
MODELS_KEPT = timedelta(hours=1)


def ask_for_sync(connection: Connection) -> None:
    """Have a worker ask the hub for its models, soon."""
    transaction.on_commit(lambda: ring_for_sync(connection.pk), robust=True)


def ring_for_sync(connection_id: int) -> None:
    """A bell for a worker: ask this hub for its models."""
    async_task("queueapp.tasks.sync", connection_id, cluster=workers.WORK, save=False)


def due_for_sync(now: datetime) -> QuerySet[Connection]:
    """The hubs whose models were not asked for lately."""
    stale = Q(synced_at=None) | Q(synced_at__lt=now - MODELS_KEPT)
    hubs = Connection.objects.filter(kind=Connection.Kind.UPSTREAM)
    return hubs.filter(stale, enabled=True).exclude(revision="")


def sync_models(connection: Connection, entries: Iterable[ModelEntry]) -> None:
    """Make the catalog of a connection be what its hub lists now.

    What an admin chose for a model stays. A model that the hub no longer lists keeps its history and is
    not offered until it is listed again. A list without models tells nothing.
    """
    listed = {entry.id: entry for entry in entries}
    if not listed:
        record_trouble(connection, "The hub listed no models; those that are known stay.")
        return
    rows = [MediaModel(connection=connection, name=name, **_told(entry)) for name, entry in listed.items()]
    known = MediaModel.objects.filter(connection=connection)
    with transaction.atomic():
        if not Connection.objects.filter(
            pk=connection.pk, base_url=connection.base_url, key=connection.key
        ).exists():
            return  # Another hub or account by now; its own models are asked for.
        MediaModel.objects.bulk_create(
            rows,
            update_conflicts=True,
            unique_fields=["connection", "name"],
            update_fields=[*_told(next(iter(listed.values())))],
        )
        there = known.filter(listed=True).values_list("pk", "name")
        known.filter(pk__in=[pk for pk, name in there if name not in listed]).update(listed=False)
        _write(connection, synced_at=timezone.now(), sync_trouble="")
    # A proxy's page may once have said that it tells no events.
    Connection.objects.filter(pk=connection.pk, has_events=False).update(has_events=None)


def _told(entry: ModelEntry) -> dict[str, Any]:
    """What the hub decides about a model, as it is kept."""
    return {
        "display_name": entry.display_name[:200],
        "description": entry.description,
        "owned_by": entry.developer[:100],
        "media_type": entry.media_type or "",
        "endpoint": entry.endpoint[:200],
        "capabilities": {"input": list(entry.inputs), "output": list(entry.outputs)},
        "pricing": entry.pricing,
        "request_schema": entry.request_schema,
        "listed": True,
    }


def record_trouble(connection: Connection, words: str) -> None:
    """The models could not be asked for; those that are known stay."""
    _write(connection, sync_trouble=words[:500])


def _write(connection: Connection, **fields: Any) -> None:
    Connection.objects.filter(pk=connection.pk).update(**fields)
    for name, value in fields.items():
        setattr(connection, name, value)
