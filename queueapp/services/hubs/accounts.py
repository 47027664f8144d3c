"""Create, change and re-encrypt hub accounts."""

from collections.abc import Mapping
from typing import Any

from django.conf import settings
from django.db import transaction

from queueapp import encryption
from queueapp.errors import BadConnection
from queueapp.models import Connection
from queueapp.models.fields import Encrypted
from queueapp.services.hubs import health
from queueapp.services.hubs.checks import enqueue_check, is_check_pending, request_check
from queueapp.services.hubs.model_sync import enqueue_sync
from queueapp.services.hubs.validation import stored_key, validate_account

#: The name of the connection that the environment defines.
ENVIRONMENT_CONNECTION = "oxen"
#: The columns that describe one account at one address, as they are before its first check.
_UNCHECKED: dict[str, Any] = {
    "revision": "",
    "supports_events": None,
    **health.HEALTHY,
    "check_requested_at": None,
    "checked_at": None,
    "check_ok": None,
    "check_report": "",
    "clock_offset": None,
    "models_synced_at": None,
    "sync_error": "",
}


def save_account(
    name: str,
    *,
    base_url: str,
    key: str | None = None,
    namespace: str | None = None,
    public_url: str | None = None,
    **initial: Any,
) -> Connection:
    """Create or change the connection of this name. Request a check if its hub or account changes.

    None keeps the stored namespace and public address. It also keeps the stored key, unless the new
    address is on another host. `initial` are more columns for a new connection. Raises BadConnection, and
    then changes nothing.
    """
    given = {"name": name, "base_url": base_url, "key": key, "namespace": namespace, "public_url": public_url}
    with transaction.atomic():
        existing = Connection.objects.select_for_update().filter(name=name).first()
        fields, errors = validate_account(existing, given)
        if errors:
            raise BadConnection(errors)
        connection = existing or Connection(kind=Connection.Kind.UPSTREAM, **initial)
        if _write_changes(connection, fields):
            request_check(connection)
    return connection


def _write_changes(connection: Connection, fields: Mapping[str, str]) -> bool:
    """Write the fields that differ. Return whether the hub or the account is another one."""
    changed: dict[str, Any] = {
        name: value for name, value in fields.items() if name != "key" and value != getattr(connection, name)
    }
    if fields.get("key") and fields["key"] != stored_key(connection):
        changed["key"] = Encrypted.from_text(fields["key"])
    is_another_account = bool(changed.keys() & {"base_url", "key", "namespace"})
    if is_another_account:
        changed |= _UNCHECKED
    for name, value in changed.items():
        setattr(connection, name, value)
    if connection.pk is None:
        connection.save(force_insert=True)
    elif changed:
        connection.save(update_fields=changed)
    return is_another_account


def save_from_environment() -> Connection | None:
    """Create or change the connection that OXEN_API_KEY, OXEN_HUB_URL and OXEN_NAMESPACE define.

    Enqueues its model sync or, for a hub that is not known to work, its check. Returns None without a
    key. Raises BadConnection. Safe to repeat: nothing that an admin or a check has set is lost.
    """
    key: str = settings.OXEN_API_KEY.strip()
    if not key:
        return None
    connection = save_account(
        ENVIRONMENT_CONNECTION,
        base_url=settings.OXEN_HUB_URL,
        key=key,
        namespace=settings.OXEN_NAMESPACE.strip() or _known_namespace(key),
    )
    if connection.revision and not connection.stop_reason:
        enqueue_sync(connection.pk)
    elif not is_check_pending(connection):
        enqueue_check(connection.pk)
    return connection


def _known_namespace(key: str) -> str:
    """Return the stored namespace if it belongs to this key. Otherwise the next check has to find it."""
    hubs = Connection.objects.filter(kind=Connection.Kind.UPSTREAM)
    existing = hubs.filter(name=ENVIRONMENT_CONNECTION).first()
    return existing.namespace if existing and stored_key(existing) == key else ""


def reencrypt_keys() -> list[str]:
    """Encrypt every stored key with the newest encryption key.

    Returns the names of connections whose key cannot be decrypted; those keys stay as they are. Raises
    encryption.InvalidEncryptionKeys.
    """
    undecryptable = []
    for connection in Connection.objects.exclude(key=Encrypted()):
        try:
            renewed = Encrypted(encryption.reencrypt(connection.key.token))
        except encryption.InvalidEncryptionKeys:
            raise
        except encryption.DecryptionFailed:
            undecryptable.append(connection.name)
        else:
            # The condition keeps a key that was entered meanwhile.
            Connection.objects.filter(pk=connection.pk, key=connection.key).update(key=renewed)
    return undecryptable
