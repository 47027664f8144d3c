"""Asking hubs who they are and what they offer. A worker does this, or a command; never a web request."""

from django.utils import timezone

from queueapp.backends import get_client
from queueapp.encryption import DecryptionFailed
from queueapp.models import Connection
from queueapp.services.hubs import checks, model_sync
from queueapp.upstream.errors import UpstreamError
from queueapp.upstream.probe import probe


def check_hub(connection_id: int) -> bool:
    """Ask a hub who it is and keep the answer; whether it can be used. Its models follow the first time."""
    connection = _get_hub(connection_id)
    if connection is None:
        return False
    began = timezone.now()
    try:
        key = connection.key.decrypt()
    except DecryptionFailed as error:
        checks.record_unreadable_key(connection, str(error), began)
        return False
    found = probe(connection.base_url, key, connection.namespace or None)
    usable = checks.record_check(connection, found, began)
    if usable and connection.models_synced_at is None:
        sync_models(connection_id)
    return usable


def sync_models(connection_id: int) -> None:
    """Ask a hub for its models and keep them, or keep why they did not come."""
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
    """Have done what is due: checks that nobody answered, hubs in trouble, models known for too long."""
    now = timezone.now()
    for connection in checks.due_checks(now):
        checks.enqueue_check(connection.pk)
    for connection in model_sync.due_syncs(now):
        model_sync.enqueue_sync(connection.pk)


def _get_hub(connection_id: int) -> Connection | None:
    return Connection.objects.filter(pk=connection_id, kind=Connection.Kind.UPSTREAM).first()
