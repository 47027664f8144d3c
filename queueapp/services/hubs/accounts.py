"""Hub accounts: adding, changing and resealing them. `checkups.py` finds out whether they work."""

from collections.abc import Callable, Mapping
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import validate_slug
from django.db import transaction

from queueapp import encryption
from queueapp.errors import BadConnection
from queueapp.models import Connection
from queueapp.models.fields import Encrypted
from queueapp.services.hubs import health
from queueapp.services.hubs.checks import enqueue_check, is_check_pending, request_check
from queueapp.services.hubs.model_sync import enqueue_sync
from queueapp.upstream.urls import Origin, normalize_base_url, normalize_key

#: The connection that the environment names.
ENVIRONMENT_CONNECTION = "oxen"
#: What is known only of the account and the address that were asked.
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
    **settled: Any,
) -> Connection:
    """Create or change the connection to a hub's account, and have it checked if what is sent there changes.

    None keeps the namespace, the public address, and the key unless the new address leads to another host.
    `settled` are further columns of a connection that is created. Raises BadConnection; then nothing was
    changed.
    """
    given = {"base_url": base_url, "key": key, "namespace": namespace, "public_url": public_url}
    with transaction.atomic():
        found = Connection.objects.select_for_update().filter(name=name).first()
        kept, wrong = _read({"name": name, **given})
        wrong = _key_errors(found, kept) | _address_errors(found, kept) | wrong
        if found and found.kind != Connection.Kind.UPSTREAM:
            wrong["name"] = f"{name} is not a connection to a hub."
        if wrong:
            raise BadConnection(wrong)
        connection = found or Connection(kind=Connection.Kind.UPSTREAM, **settled)
        is_another = _apply(connection, kept)
        if is_another:
            request_check(connection)
    return connection


def _apply(connection: Connection, kept: Mapping[str, str]) -> bool:
    """Write what differs; whether the hub or the account became another."""
    changed: dict[str, Any] = {
        name: value for name, value in kept.items() if name != "key" and value != getattr(connection, name)
    }
    if kept.get("key") and kept["key"] != _decrypt_key(connection):
        changed["key"] = Encrypted.from_text(kept["key"])
    is_another = bool(changed.keys() & {"base_url", "key", "namespace"})
    written = {**changed, **(_UNCHECKED if is_another else {})}
    for name, value in written.items():
        setattr(connection, name, value)
    if connection.pk is None:
        connection.save(force_insert=True)
    elif written:
        connection.save(update_fields=written)
    return is_another


def account_errors(found: Connection | None, given: Mapping[str, str | None]) -> dict[str, str]:
    """What is wrong with fields of a hub's account, by name, in words that never repeat a key.

    `found` is the connection that is to be changed. None stands for a field that is not given.
    """
    kept, wrong = _read(given)
    return _key_errors(found, kept) | _address_errors(found, kept) | wrong


def _key_errors(found: Connection | None, kept: Mapping[str, str]) -> dict[str, str]:
    if kept.get("key"):
        return _encryption_errors(kept["key"])
    if found is None:
        return {"key": "A new connection needs the key of the hub's account."}
    if kept.get("base_url") and Origin.parse(kept["base_url"]) != _origin(found):
        # Whoever may edit an address must not have the key sent to a host of theirs.
        return {"key": "The address leads to another host: enter the key again."}
    return {}


def _encryption_errors(key: str) -> dict[str, str]:
    try:
        encryption.encrypt(key)
    except encryption.InvalidEncryptionKeys as error:
        return {"key": str(error)}
    return {}


def _address_errors(found: Connection | None, kept: Mapping[str, str]) -> dict[str, str]:
    """What goes at a hub would be looked for in vain at another one, or with another account's key, and be
    called ended. A key that the hub does not take any more is replaced in any case."""
    places = [name for name in ("base_url", "namespace") if found and name in kept]
    moved = [name for name in places if getattr(found, name) not in ("", kept[name])]
    if (
        found
        and kept.get("key")
        and found.stop_reason != Connection.StopReason.KEY
        and kept["key"] != _decrypt_key(found)
    ):
        moved.append("key")
    if found is None or not moved:
        return {}
    going, coming = health.count_unfinished(found)
    words = (
        f"{going} generations are still at work there, and {coming} results are still to be fetched: "
        "wait for them, or add another connection."
    )
    return dict.fromkeys(moved, words) if going or coming else {}


def _origin(connection: Connection) -> Origin | None:
    try:
        return Origin.parse(connection.base_url)
    except ValueError:
        return None


def _decrypt_key(connection: Connection) -> str | None:
    try:
        kept: str = connection.key.decrypt()
    except encryption.DecryptionFailed:
        return None
    return kept


def _name(text: str) -> str:
    try:
        validate_slug(text)
    except ValidationError:
        raise ValueError("A name has letters, digits, hyphens and underscores alone.") from None
    return text


def _namespace(text: str) -> str:
    if not text.isprintable():
        raise ValueError("A namespace is one line of text.")
    return text.strip()


#: How each field is read, and its longest value.
_READERS: dict[str, tuple[Callable[[str], str], int]] = {
    "name": (_name, 50),
    "base_url": (normalize_base_url, 300),
    "key": (normalize_key, 500),
    "namespace": (_namespace, 150),
    "public_url": (normalize_base_url, 300),
}


def _read(given: Mapping[str, str | None]) -> tuple[dict[str, str], dict[str, str]]:
    """The fields as they are kept, and what is wrong with them. None stands for one that is not given."""
    kept: dict[str, str] = {}
    wrong: dict[str, str] = {}
    for field, text in given.items():
        reader, longest = _READERS[field]
        try:
            if text is not None:
                kept[field] = reader(text) if text.strip() else ""
        except ValueError as error:
            wrong[field] = str(error)
        if len(kept.get(field, "")) > longest:
            wrong[field] = f"At most {longest} characters."
    if kept.get("name") == "":
        wrong["name"] = "A connection has a name."
    if kept.get("base_url") == "":
        wrong["base_url"] = "A hub has an address, for example https://hub.oxen.ai"
    return kept, wrong


def save_from_environment() -> Connection | None:
    """Make the connection be as OXEN_API_KEY, OXEN_HUB_URL and OXEN_NAMESPACE say, and have its models
    asked for; None without a key. Raises BadConnection.

    Safe to repeat: what an admin has chosen for it since, and what is known of it, stays.
    """
    key: str = settings.OXEN_API_KEY.strip()
    if not key:
        return None
    found = Connection.objects.filter(name=ENVIRONMENT_CONNECTION, kind=Connection.Kind.UPSTREAM).first()
    namespace: str = settings.OXEN_NAMESPACE.strip()
    if found and not namespace and _decrypt_key(found) == key:
        namespace = found.namespace
    connection = save_account(
        ENVIRONMENT_CONNECTION, base_url=settings.OXEN_HUB_URL, key=key, namespace=namespace
    )
    if not connection.stop_reason and connection.revision:
        enqueue_sync(connection.pk)
    elif not is_check_pending(connection):
        enqueue_check(connection.pk)
    return connection


def reencrypt_keys() -> list[str]:
    """Encrypt every key anew under the newest of the installation's keys; the names of the connections
    whose key cannot be read, which is left as it is. Raises sealing.NoKeys."""
    unreadable = []
    for connection in Connection.objects.exclude(key=Encrypted()):
        try:
            renewed = Encrypted(encryption.reencrypt(connection.key.token))
        except encryption.InvalidEncryptionKeys:
            raise
        except encryption.DecryptionFailed:
            unreadable.append(connection.name)
        else:
            Connection.objects.filter(pk=connection.pk, key=connection.key).update(key=renewed)
    return unreadable
