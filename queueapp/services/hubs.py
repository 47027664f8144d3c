"""Hub accounts: adding, changing and resealing them. `checkups.py` finds out whether they work."""

from collections.abc import Callable, Mapping
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import validate_slug
from django.db import transaction

from queueapp import sealing
from queueapp.errors import BadConnection
from queueapp.models import Connection
from queueapp.models.fields import Sealed
from queueapp.services import connections
from queueapp.services.checkups import ask_for_check, is_awaited, ring_for_check
from queueapp.services.syncing import ring_for_sync
from queueapp.upstream.paths import base, usable
from queueapp.upstream.transport import Origin

#: The connection that the environment names.
FROM_ENVIRONMENT = "oxen"
#: What is known only of the account and the address that were asked.
_NOTHING_KNOWN: dict[str, Any] = {
    "revision": "",
    "has_events": None,
    **connections.NO_TROUBLE,
    "check_asked_at": None,
    "checked_at": None,
    "check_ok": None,
    "check_text": "",
    "clock_ahead": None,
    "synced_at": None,
    "sync_trouble": "",
}


def save_hub(
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
        wrong = _wrong_key(found, kept) | _wrong_place(found, kept) | wrong
        if found and found.kind != Connection.Kind.UPSTREAM:
            wrong["name"] = f"{name} is not a connection to a hub."
        if wrong:
            raise BadConnection(wrong)
        connection = found or Connection(kind=Connection.Kind.UPSTREAM, **settled)
        is_another = _take(connection, kept)
        if is_another:
            ask_for_check(connection)
    return connection


def _take(connection: Connection, kept: Mapping[str, str]) -> bool:
    """Write what differs; whether the hub or the account became another."""
    changed: dict[str, Any] = {
        name: value for name, value in kept.items() if name != "key" and value != getattr(connection, name)
    }
    if kept.get("key") and kept["key"] != _key_of(connection):
        changed["key"] = Sealed.of(kept["key"])
    is_another = bool(changed.keys() & {"base_url", "key", "namespace"})
    written = {**changed, **(_NOTHING_KNOWN if is_another else {})}
    for name, value in written.items():
        setattr(connection, name, value)
    if connection.pk is None:
        connection.save(force_insert=True)
    elif written:
        connection.save(update_fields=written)
    return is_another


def wrong_account(found: Connection | None, given: Mapping[str, str | None]) -> dict[str, str]:
    """What is wrong with fields of a hub's account, by name, in words that never repeat a key.

    `found` is the connection that is to be changed. None stands for a field that is not given.
    """
    kept, wrong = _read(given)
    return _wrong_key(found, kept) | _wrong_place(found, kept) | wrong


def _wrong_key(found: Connection | None, kept: Mapping[str, str]) -> dict[str, str]:
    if kept.get("key"):
        return _unsealable(kept["key"])
    if found is None:
        return {"key": "A new connection needs the key of the hub's account."}
    if kept.get("base_url") and Origin.of(kept["base_url"]) != _origin(found):
        # Whoever may edit an address must not have the key sent to a host of theirs.
        return {"key": "The address leads to another host: enter the key again."}
    return {}


def _unsealable(key: str) -> dict[str, str]:
    try:
        sealing.seal(key)
    except sealing.NoKeys as error:
        return {"key": str(error)}
    return {}


def _wrong_place(found: Connection | None, kept: Mapping[str, str]) -> dict[str, str]:
    """What goes at a hub would be looked for in vain at another one, or with another account's key, and be
    called ended. A key that the hub does not take any more is replaced in any case."""
    places = [name for name in ("base_url", "namespace") if found and name in kept]
    moved = [name for name in places if getattr(found, name) not in ("", kept[name])]
    if found and kept.get("key") and found.stopped != Connection.Stop.KEY and kept["key"] != _key_of(found):
        moved.append("key")
    if found is None or not moved:
        return {}
    going, coming = connections.unfinished(found)
    words = (
        f"{going} generations are still at work there, and {coming} results are still to be fetched: "
        "wait for them, or add another connection."
    )
    return dict.fromkeys(moved, words) if going or coming else {}


def _origin(connection: Connection) -> Origin | None:
    try:
        return Origin.of(connection.base_url)
    except ValueError:
        return None


def _key_of(connection: Connection) -> str | None:
    try:
        kept: str = connection.key.open()
    except sealing.Undecryptable:
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
    "base_url": (base, 300),
    "key": (usable, 500),
    "namespace": (_namespace, 150),
    "public_url": (base, 300),
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


def from_environment() -> Connection | None:
    """Make the connection be as OXEN_API_KEY, OXEN_HUB_URL and OXEN_NAMESPACE say, and have its models
    asked for; None without a key. Raises BadConnection.

    Safe to repeat: what an admin has chosen for it since, and what is known of it, stays.
    """
    key: str = settings.OXEN_API_KEY.strip()
    if not key:
        return None
    found = Connection.objects.filter(name=FROM_ENVIRONMENT, kind=Connection.Kind.UPSTREAM).first()
    namespace: str = settings.OXEN_NAMESPACE.strip()
    if found and not namespace and _key_of(found) == key:
        namespace = found.namespace
    connection = save_hub(FROM_ENVIRONMENT, base_url=settings.OXEN_HUB_URL, key=key, namespace=namespace)
    if not connection.stopped and connection.revision:
        ring_for_sync(connection.pk)
    elif not is_awaited(connection):
        ring_for_check(connection.pk)
    return connection


def reseal_keys() -> list[str]:
    """Encrypt every key anew under the newest of the installation's keys; the names of the connections
    whose key cannot be read, which is left as it is. Raises sealing.NoKeys."""
    unreadable = []
    for connection in Connection.objects.exclude(key=Sealed()):
        try:
            renewed = Sealed(sealing.reseal(connection.key.token))
        except sealing.NoKeys:
            raise
        except sealing.Undecryptable:
            unreadable.append(connection.name)
        else:
            Connection.objects.filter(pk=connection.pk, key=connection.key).update(key=renewed)
    return unreadable
