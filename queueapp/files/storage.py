"""Private files: results, thumbnails and inputs, through Django's storage API.

Names are made here and never from what somebody sent, so that a name is safe to use anywhere.
"""

from pathlib import Path
from typing import IO

from django.core.files.base import ContentFile, File
from django.core.files.storage import default_storage
from django.utils import timezone


def save_file(folder: str, name: str, path: Path) -> str:
    """Store a local file; its name in the storage."""
    with path.open("rb") as source:
        return default_storage.save(_dated_name(folder, name), File(source))


def save_bytes(folder: str, name: str, body: bytes) -> str:
    """Store a few bytes; their name in the storage."""
    return default_storage.save(_dated_name(folder, name), ContentFile(body))


def save_once(name: str, body: bytes) -> None:
    """Store a few bytes beside a stored file, under a name made from its own; once is enough."""
    stored = default_storage.save(name, ContentFile(body))
    if stored != name:
        default_storage.delete(stored)


def exists(name: str) -> bool:
    return default_storage.exists(name)


def open_file(name: str) -> IO[bytes]:
    """Open a stored file for reading. FileNotFoundError if it is gone."""
    return default_storage.open(name, "rb")


def delete(name: str) -> None:
    """Remove a stored file; nothing happens if it is gone already."""
    if name:
        default_storage.delete(name)


def _dated_name(folder: str, name: str) -> str:
    # A folder a month keeps any one folder small enough to list.
    return f"{folder}/{timezone.now():%Y-%m}/{name}"
