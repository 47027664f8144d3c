"""Asking hubs who they are and what they offer. A worker does this, or a command; never a web request."""

from django.utils import timezone

from queueapp import upstream
from queueapp.backends import client_of
from queueapp.models import Connection
from queueapp.sealing import Undecryptable
from queueapp.services import checkups, syncing


def check(connection_id: int) -> bool:
    """Ask a hub who it is and keep the answer; whether it can be used. Its models follow the first time."""
    connection = _hub(connection_id)
    if connection is None:
        return False
    began = timezone.now()
    try:
        key = connection.key.open()
    except Undecryptable as error:
        checkups.record_unreadable(connection, str(error), began)
        return False
    found = upstream.probe(connection.base_url, key, connection.namespace or None)
    usable = checkups.record_check(connection, found, began)
    if usable and connection.synced_at is None:
        sync(connection_id)
    return usable


def sync(connection_id: int) -> None:
    """Ask a hub for its models and keep them, or keep why they did not come."""
    connection = _hub(connection_id)
    if connection is None:
        return
    try:
        entries = client_of(connection).models()
    except upstream.UpstreamError as error:
        syncing.record_trouble(connection, error.message)
    except (Undecryptable, ValueError) as error:
        syncing.record_trouble(connection, str(error))
    else:
        syncing.sync_models(connection, entries)


def see_to_all() -> None:
    """Have done what is due: checks that nobody answered, hubs in trouble, models known for too long."""
    now = timezone.now()
    for connection in checkups.due_for_check(now):
        checkups.ring_for_check(connection.pk)
    for connection in syncing.due_for_sync(now):
        syncing.ring_for_sync(connection.pk)


def _hub(connection_id: int) -> Connection | None:
    return Connection.objects.filter(pk=connection_id, kind=Connection.Kind.UPSTREAM).first()
