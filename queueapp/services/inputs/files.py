"""Limit the size of inputs, and name and delete their stored files."""

from collections.abc import Iterable

from django.conf import settings

from queueapp.errors import TooLarge
from queueapp.files import storage
from queueapp.models import Input


def check_size(size: int) -> None:
    """Raise TooLarge if an input of this many bytes exceeds DROVER_MAX_INPUT_BYTES."""
    if size > settings.DROVER_MAX_INPUT_BYTES:
        megabytes = settings.DROVER_MAX_INPUT_BYTES / (1024 * 1024)
        raise TooLarge(f"An image or video given as an input can have at most {megabytes:.3g} MB.")


def thumbnail_name(row: Input) -> str:
    """Return the storage name of an input's thumbnail, which may not exist yet."""
    return f"{row.file}.small.webp"


def delete_files(inputs: Iterable[Input]) -> None:
    """Delete the files of rows that are not in the database."""
    for row in inputs:
        if row.file:
            storage.delete(thumbnail_name(row))
            storage.delete(row.file)
