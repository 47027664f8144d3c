"""Keeping secrets at rest: sealed with Fernet (cryptography), under keys that can be rotated.

The keys stand in `DROVER_ENCRYPTION_KEYS` or else, one a line and the newest first, in the file
`encryption_keys` of the data folder, which is made when it is first needed. The first key seals; all of
them open. A secret that none of them opens is kept as it is and said to be unreadable.
"""

import contextlib
import os
import tempfile
from pathlib import Path

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings

KEY_FILE = "encryption_keys"


class DecryptionFailed(Exception):
    """A secret cannot be sealed or opened with the keys that there are. Nothing was changed."""

    def __init__(self, words: str = "") -> None:
        super().__init__(
            words
            or "It was encrypted with a key that is not here any more: bring back the old "
            f"{KEY_FILE} file (or DROVER_ENCRYPTION_KEYS), or enter the secret anew."
        )


class InvalidEncryptionKeys(DecryptionFailed):
    """What stands where the keys should be is none: nothing can be sealed or opened."""


def encrypt(text: str) -> str:
    """The text, encrypted under the newest key. Raises NoKeys."""
    return _fernet().encrypt(text.encode()).decode()


def decrypt(token: str) -> str:
    """The text that was sealed. Raises Undecryptable."""
    try:
        return _fernet().decrypt(token.encode()).decode()
    except InvalidToken:
        raise DecryptionFailed from None


def reencrypt(token: str) -> str:
    """The same secret under the newest key. Raises Undecryptable."""
    try:
        return _fernet().rotate(token.encode()).decode()
    except InvalidToken:
        raise DecryptionFailed from None


def add_key() -> None:
    """Put a new key before those of the file. Raises ValueError where the environment gives the keys."""
    if settings.DROVER_ENCRYPTION_KEYS:
        raise ValueError("The keys stand in DROVER_ENCRYPTION_KEYS: put the new one first there.")
    path = _key_path()
    _write_keys(path, [Fernet.generate_key().decode(), *_read_keys(path)])


def drop_old_keys() -> None:
    """Keep only the newest key of the file; what it does not open cannot be opened any more."""
    if not settings.DROVER_ENCRYPTION_KEYS:
        _write_keys(_key_path(), _read_keys(_key_path())[:1])


def _fernet() -> MultiFernet:
    keys = settings.DROVER_ENCRYPTION_KEYS or _read_keys(_key_path())
    try:
        return MultiFernet([Fernet(key) for key in keys])
    except ValueError:
        place = "DROVER_ENCRYPTION_KEYS" if settings.DROVER_ENCRYPTION_KEYS else str(_key_path())
        raise InvalidEncryptionKeys(f"{place} holds something that is no Fernet key.") from None


def _key_path() -> Path:
    return Path(settings.DROVER_DATA) / KEY_FILE


def _read_keys(path: Path) -> list[str]:
    try:
        return path.read_text().split()
    except FileNotFoundError:
        _write_keys(path, [Fernet.generate_key().decode()], only_new=True)
        return path.read_text().split()


def _write_keys(path: Path, keys: list[str], *, only_new: bool = False) -> None:
    """Whole or not at all, readable by nobody else. With `only_new` a file that is there meanwhile stays."""
    descriptor, name = tempfile.mkstemp(prefix=f".{KEY_FILE}-", dir=path.parent)
    try:
        with os.fdopen(descriptor, "w") as file:
            file.write("".join(f"{key}\n" for key in keys))
            file.flush()
            os.fsync(file.fileno())
        if only_new:
            with contextlib.suppress(FileExistsError):
                os.link(name, path)
        else:
            os.replace(name, path)
    finally:
        Path(name).unlink(missing_ok=True)
