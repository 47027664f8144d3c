"""Sync the models of hubs into the catalog."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone
from django_q.tasks import async_task

from queueapp.models import Connection, MediaModel
from queueapp.models.base import update_row
from queueapp.services import coordination
from queueapp.upstream.catalog import ModelEntry

#: The models of a hub are synced again after this long.
MAX_MODEL_AGE = timedelta(hours=1)


def request_sync(connection: Connection) -> None:
    """Have a worker sync the hub's models soon."""
    transaction.on_commit(lambda: enqueue_sync(connection.pk), robust=True)


def enqueue_sync(connection_id: int) -> None:
    """Enqueue the task that syncs a hub's models."""
    async_task("queueapp.tasks.sync_models", connection_id, cluster=coordination.JOBS, save=False)


def due_syncs(now: datetime) -> QuerySet[Connection]:
    """Return the enabled hubs whose models were never synced or are older than MAX_MODEL_AGE."""
    stale = Q(models_synced_at=None) | Q(models_synced_at__lt=now - MAX_MODEL_AGE)
    hubs = Connection.objects.filter(kind=Connection.Kind.UPSTREAM)
    return hubs.filter(stale, enabled=True).exclude(revision="")


def save_models(connection: Connection, entries: Iterable[ModelEntry]) -> None:
    """Update a connection's catalog to the models that its hub lists.

    The admin's choices for a model stay. A model that is no longer listed keeps its history and is hidden
    until the hub lists it again. An empty list is an error and changes nothing.
    """
    listed = {entry.id: entry for entry in entries}
    if not listed:
        record_sync_error(connection, "The hub listed no models. The known models stay available.")
        return
    with transaction.atomic():
        if not _is_same_hub(connection):
            return  # The list belongs to the old hub or account. The new one is synced after its check.
        _upsert_models(connection, listed)
        _hide_unlisted_models(connection, listed)
        update_row(connection, models_synced_at=timezone.now(), sync_error="")
    # A proxy's error page may have looked like a hub without an event stream: try it again.
    Connection.objects.filter(pk=connection.pk, supports_events=False).update(supports_events=None)


def _is_same_hub(connection: Connection) -> bool:
    """Return whether address and key are unchanged. The namespace may change: a check can fill it in."""
    same = Connection.objects.filter(pk=connection.pk, base_url=connection.base_url, key=connection.key)
    return same.exists()


def _upsert_models(connection: Connection, listed: dict[str, ModelEntry]) -> None:
    fields = {name: _model_fields(entry) for name, entry in listed.items()}
    MediaModel.objects.bulk_create(
        [MediaModel(connection=connection, name=name, **values) for name, values in fields.items()],
        update_conflicts=True,
        unique_fields=["connection", "name"],
        update_fields=list(next(iter(fields.values()))),
    )


def _hide_unlisted_models(connection: Connection, listed: dict[str, ModelEntry]) -> None:
    known = MediaModel.objects.filter(connection=connection)
    shown = known.filter(listed=True).values_list("pk", "name")
    known.filter(pk__in=[pk for pk, name in shown if name not in listed]).update(listed=False)


def _model_fields(entry: ModelEntry) -> dict[str, Any]:
    """Return the columns that the hub decides, cut to their lengths."""
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


def record_sync_error(connection: Connection, message: str) -> None:
    """Store why a sync failed. The known models stay available."""
    update_row(connection, sync_error=message[:500])
