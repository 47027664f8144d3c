"""The models of hubs: asking for them, and keeping what they list."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone
from django_q.tasks import async_task

from queueapp.models import Connection, MediaModel
from queueapp.services import coordination
from queueapp.upstream.catalog import ModelEntry

#: How old the known models of a hub may be.
MAX_MODEL_AGE = timedelta(hours=1)


def request_sync(connection: Connection) -> None:
    """Have a worker ask the hub for its models, soon."""
    transaction.on_commit(lambda: enqueue_sync(connection.pk), robust=True)


def enqueue_sync(connection_id: int) -> None:
    """A bell for a worker: ask this hub for its models."""
    async_task("queueapp.tasks.sync_models", connection_id, cluster=coordination.JOBS, save=False)


def due_syncs(now: datetime) -> QuerySet[Connection]:
    """The hubs whose models were not asked for lately."""
    stale = Q(models_synced_at=None) | Q(models_synced_at__lt=now - MAX_MODEL_AGE)
    hubs = Connection.objects.filter(kind=Connection.Kind.UPSTREAM)
    return hubs.filter(stale, enabled=True).exclude(revision="")


def save_models(connection: Connection, entries: Iterable[ModelEntry]) -> None:
    """Make the catalog of a connection be what its hub lists now.

    What an admin chose for a model stays. A model that the hub no longer lists keeps its history and is
    not offered until it is listed again. A list without models tells nothing.
    """
    listed = {entry.id: entry for entry in entries}
    if not listed:
        record_sync_error(connection, "The hub listed no models; those that are known stay.")
        return
    rows = [
        MediaModel(connection=connection, name=name, **_model_fields(entry)) for name, entry in listed.items()
    ]
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
            update_fields=[*_model_fields(next(iter(listed.values())))],
        )
        there = known.filter(listed=True).values_list("pk", "name")
        known.filter(pk__in=[pk for pk, name in there if name not in listed]).update(listed=False)
        _update(connection, models_synced_at=timezone.now(), sync_error="")
    # A proxy's page may once have said that it tells no events.
    Connection.objects.filter(pk=connection.pk, supports_events=False).update(supports_events=None)


def _model_fields(entry: ModelEntry) -> dict[str, Any]:
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


def record_sync_error(connection: Connection, words: str) -> None:
    """The models could not be asked for; those that are known stay."""
    _update(connection, sync_error=words[:500])


def _update(connection: Connection, **fields: Any) -> None:
    Connection.objects.filter(pk=connection.pk).update(**fields)
    for name, value in fields.items():
        setattr(connection, name, value)
