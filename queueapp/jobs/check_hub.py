"""Check hubs and sync their models. Workers and commands run this, web requests never do."""

from django.utils import timezone

from queueapp.backends import get_client
from queueapp.encryption import DecryptionFailed
from queueapp.models import Connection
from queueapp.services.hubs import check_results, checks, model_sync
from queueapp.upstream.errors import UpstreamError
from queueapp.upstream.probe import probe


def check_hub(connection_id: int) -> bool:
    """Probe a hub and store the result. Return whether the hub can be used.

    The first successful check also syncs the models. A deleted connection returns False.
    """
    connection = _get_hub(connection_id)
    if connection is None:
        return False
    started_at = timezone.now()
    try:
        key = connection.key.decrypt()
    except DecryptionFailed as error:
        check_results.record_unreadable_key(connection, str(error), started_at)
        return False
    result = probe(connection.base_url, key, connection.namespace or None)
    is_usable = check_results.record_check(connection, result, started_at)
    if is_usable and connection.models_synced_at is None:
        sync_models(connection_id)
    return is_usable


def sync_models(connection_id: int) -> None:
    """Fetch a hub's models and store them, or store why that failed."""
    connection = _get_hub(connection_id)
    if connection is None:
        return
    try:
        entries = get_client(connection).list_models()
    except UpstreamError as error:
        model_sync.record_sync_error(connection, error.message)
    except (DecryptionFailed, ValueError) as error:
        model_sync.record_sync_error(connection, str(error))
    else:
        model_sync.save_models(connection, entries)


def request_due_checks() -> None:
    """Enqueue the checks and model syncs that are due."""
    now = timezone.now()
    for connection in checks.due_checks(now):
        checks.enqueue_check(connection.pk)
    for connection in model_sync.due_syncs(now):
        model_sync.enqueue_sync(connection.pk)


def _get_hub(connection_id: int) -> Connection | None:
    return Connection.objects.filter(pk=connection_id, kind=Connection.Kind.UPSTREAM).first()
