"""Encrypt secrets at rest with Fernet (cryptography), under encryption keys that can be rotated.

The encryption keys are in `DROVER_ENCRYPTION_KEYS` or in the file `encryption_keys` of the data folder, one
per line, the newest first. The file is created when it is first needed. The newest key encrypts; every key
decrypts.
"""

import contextlib
import os
import tempfile
from pathlib import Path

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings

KEY_FILE = "encryption_keys"


class DecryptionFailed(Exception):
    """None of the encryption keys decrypts a secret. The message says what an admin can do."""

    def __init__(self, message: str = "") -> None:
        super().__init__(
            message
            or "The stored key cannot be decrypted. Restore the encryption key it was encrypted with "
            f"({KEY_FILE} or DROVER_ENCRYPTION_KEYS), or enter the key of the hub again."
        )


class InvalidEncryptionKeys(DecryptionFailed):
    """The configured encryption keys are not Fernet keys, so nothing can be encrypted or decrypted."""


def encrypt(text: str) -> str:
    """Return the text encrypted with the newest key. Raises InvalidEncryptionKeys."""
    return _fernet().encrypt(text.encode()).decode()


def decrypt(token: str) -> str:
    """Return the text of an encrypted token. Raises DecryptionFailed."""
    try:
        return _fernet().decrypt(token.encode()).decode()
    except InvalidToken:
        raise DecryptionFailed from None


def reencrypt(token: str) -> str:
    """Return the same secret encrypted with the newest key. Raises DecryptionFailed."""
    try:
        return _fernet().rotate(token.encode()).decode()
    except InvalidToken:
        raise DecryptionFailed from None


def add_key() -> None:
    """Add a new key to the file, as the newest. Raises ValueError if the environment sets the keys."""
    if settings.DROVER_ENCRYPTION_KEYS:
        raise ValueError("DROVER_ENCRYPTION_KEYS sets the encryption keys. Put the new key first there.")
    path = _key_path()
    _write_keys(path, [Fernet.generate_key().decode(), *_read_keys(path)])


def drop_old_keys() -> None:
    """Delete all keys but the newest from the file. Secrets encrypted with the others are lost."""
    if not settings.DROVER_ENCRYPTION_KEYS:
        _write_keys(_key_path(), _read_keys(_key_path())[:1])


def _fernet() -> MultiFernet:
    keys = settings.DROVER_ENCRYPTION_KEYS or _read_keys(_key_path())
    try:
        return MultiFernet([Fernet(key) for key in keys])
    except ValueError:
        source = "DROVER_ENCRYPTION_KEYS" if settings.DROVER_ENCRYPTION_KEYS else _key_path()
        raise InvalidEncryptionKeys(f"{source} contains an invalid Fernet key.") from None


def _key_path() -> Path:
    return Path(settings.DROVER_DATA) / KEY_FILE


def _read_keys(path: Path) -> list[str]:
    """Return the keys of the file, after creating it with a first key if it does not exist."""
    try:
        return path.read_text().split()
    except FileNotFoundError:
        _write_keys(path, [Fernet.generate_key().decode()], overwrite=False)
        return path.read_text().split()


def _write_keys(path: Path, keys: list[str], *, overwrite: bool = True) -> None:
    """Write the key file atomically, readable by its owner alone.

    With `overwrite=False` a file that another process has created meanwhile stays.
    """
    descriptor, temporary = tempfile.mkstemp(prefix=f".{KEY_FILE}-", dir=path.parent)
    try:
        with os.fdopen(descriptor, "w") as file:
            file.write("".join(f"{key}\n" for key in keys))
            file.flush()
            os.fsync(file.fileno())
        if overwrite:
            os.replace(temporary, path)
        else:
            with contextlib.suppress(FileExistsError):
                os.link(temporary, path)
    finally:
        Path(temporary).unlink(missing_ok=True)
