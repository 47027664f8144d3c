"""Store private files (results, thumbnails, inputs) through Django's storage API.

Names are built from ids, never from user input, so a name is safe in paths and URLs.
"""

from pathlib import Path
from typing import IO

from django.core.files.base import ContentFile, File
from django.core.files.storage import default_storage
from django.utils import timezone


def save_file(folder: str, name: str, path: Path) -> str:
    """Store a local file. Return its name in the storage."""
    with path.open("rb") as source:
        return default_storage.save(_dated_name(folder, name), File(source))


def save_bytes(folder: str, name: str, body: bytes) -> str:
    """Store a small file. Return its name in the storage."""
    return default_storage.save(_dated_name(folder, name), ContentFile(body))


def save_once(name: str, body: bytes) -> None:
    """Store a small file under exactly this name, unless a file of this name exists."""
    stored = default_storage.save(name, ContentFile(body))
    if stored != name:
        # The name was taken, so the storage chose another one.
        default_storage.delete(stored)


def exists(name: str) -> bool:
    """Return whether a file of this name is stored."""
    return default_storage.exists(name)


def open_file(name: str) -> IO[bytes]:
    """Open a stored file for reading. Raises FileNotFoundError."""
    return default_storage.open(name, "rb")


def delete(name: str) -> None:
    """Delete a stored file. Does nothing for an empty name or a missing file."""
    if name:
        default_storage.delete(name)


def _dated_name(folder: str, name: str) -> str:
    """Return a name in a folder per month, so that no folder becomes too large to list."""
    return f"{folder}/{timezone.now():%Y-%m}/{name}"
