"""Validate the fields of hub accounts."""

from collections.abc import Callable, Mapping

from django.core.exceptions import ValidationError
from django.core.validators import validate_slug

from queueapp import encryption
from queueapp.models import Connection
from queueapp.services.hubs.connections import count_unfinished
from queueapp.upstream.urls import Origin, normalize_base_url, normalize_key


def account_errors(connection: Connection | None, given: Mapping[str, str | None]) -> dict[str, str]:
    """Return an error message by field name. No message repeats a key.

    `connection` is the one to change, or None for a new one. None as a value means "not given".
    """
    return validate_account(connection, given)[1]


def validate_account(
    connection: Connection | None, given: Mapping[str, str | None]
) -> tuple[dict[str, str], dict[str, str]]:
    """Return the normalized fields that were given and are valid, and the errors as `account_errors` does."""
    fields, field_errors = _normalize_fields(given)
    errors = _key_errors(connection, fields) | _unfinished_work_errors(connection, fields) | field_errors
    if connection and connection.kind != Connection.Kind.UPSTREAM:
        errors["name"] = f"{connection.name} is not a connection to a hub."
    return fields, errors


def stored_key(connection: Connection) -> str | None:
    """Return the decrypted key of a connection, or None if it cannot be decrypted."""
    try:
        key: str = connection.key.decrypt()
    except encryption.DecryptionFailed:
        return None
    return key


def _normalize_name(text: str) -> str:
    try:
        validate_slug(text)
    except ValidationError:
        raise ValueError("Use only letters, digits, hyphens and underscores.") from None
    return text


def _normalize_namespace(text: str) -> str:
    if not text.isprintable():
        raise ValueError("A namespace must be one line of text.")
    return text.strip()


#: How each field is normalized (raising ValueError with the message), and its maximum length.
_FIELDS: dict[str, tuple[Callable[[str], str], int]] = {
    "name": (_normalize_name, 50),
    "base_url": (normalize_base_url, 300),
    "key": (normalize_key, 500),
    "namespace": (_normalize_namespace, 150),
    "public_url": (normalize_base_url, 300),
}
_REQUIRED = {
    "name": "Enter a name.",
    "base_url": "Enter the hub's address, for example https://hub.oxen.ai",
}


def _normalize_fields(given: Mapping[str, str | None]) -> tuple[dict[str, str], dict[str, str]]:
    fields: dict[str, str] = {}
    errors: dict[str, str] = {}
    for name, text in given.items():
        if text is None:
            continue
        normalize, max_length = _FIELDS[name]
        try:
            fields[name] = normalize(text) if text.strip() else ""
        except ValueError as error:
            errors[name] = str(error)
        else:
            if len(fields[name]) > max_length:
                errors[name] = f"Use at most {max_length} characters."
    errors |= {name: message for name, message in _REQUIRED.items() if fields.get(name) == ""}
    return fields, errors


def _key_errors(connection: Connection | None, fields: Mapping[str, str]) -> dict[str, str]:
    if fields.get("key"):
        return _encryption_errors(fields["key"])
    if connection is None:
        return {"key": "Enter the key of the hub account."}
    if fields.get("base_url") and Origin.parse(fields["base_url"]) != _origin(connection):
        # A person who may edit the address must not make Drover send the stored key to their own host.
        return {"key": "This address is on another host: enter the key again."}
    return {}


def _encryption_errors(key: str) -> dict[str, str]:
    try:
        encryption.encrypt(key)
    except encryption.InvalidEncryptionKeys as error:
        return {"key": str(error)}
    return {}


def _origin(connection: Connection) -> Origin | None:
    try:
        return Origin.parse(connection.base_url)
    except ValueError:
        return None


def _unfinished_work_errors(connection: Connection | None, fields: Mapping[str, str]) -> dict[str, str]:
    """Refuse another address, namespace or key while work at the hub is unfinished.

    Another hub or account does not list that work, so Drover would record it as ended.
    """
    if connection is None:
        return {}
    changed = [name for name in ("base_url", "namespace") if _replaces(connection, fields, name)]
    if _replaces_working_key(connection, fields):
        changed.append("key")
    if not changed:
        return {}
    generations, downloads = count_unfinished(connection)
    if not generations and not downloads:
        return {}
    message = (
        f"This hub still has unfinished work (generations: {generations}, results to download: {downloads}). "
        "Wait until it has ended, or add another connection."
    )
    return dict.fromkeys(changed, message)


def _replaces(connection: Connection, fields: Mapping[str, str], name: str) -> bool:
    return name in fields and getattr(connection, name) not in ("", fields[name])


def _replaces_working_key(connection: Connection, fields: Mapping[str, str]) -> bool:
    """Return whether a key is given to replace a different one that the hub has not rejected."""
    is_rejected = connection.stop_reason == Connection.StopReason.KEY
    return bool(fields.get("key")) and not is_rejected and fields["key"] != stored_key(connection)
