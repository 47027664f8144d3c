"""Store uploaded images and videos, and make their thumbnails."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import IO

from queueapp.errors import BadInput, NotFound, TooLarge
from queueapp.files import media, storage
from queueapp.models import Input, Namespace
from queueapp.services.inputs.files import check_size, delete_files, thumbnail_name

_CHUNK_BYTES = 64 * 1024
_KINDS = {"image": "an image", "video": "a video"}


def save_upload(namespace: Namespace, source: IO[bytes], *, wanted: str = "") -> Input:
    """Store an uploaded file, after checking its bytes. Return its saved row.

    `wanted` is "image" or "video" if only that fits. Raises TooLarge and BadInput, with the reason.
    """
    with _copy_to_disk(source) as path:
        try:
            info = media.inspect(path)
            thumbnail = media.make_thumbnail(path, info.kind)
        except media.InvalidMedia as error:
            raise BadInput(f"This file cannot be used. {error}") from None
        if wanted and info.kind != wanted:
            raise BadInput(f"This is {_KINDS[info.kind]}. Choose {_KINDS[wanted]}.")
        row = Input(namespace=namespace, content_type=info.content_type, size=path.stat().st_size)
        try:
            row.file = storage.save_file("inputs", f"{row.pk}.{info.extension}", path)
            storage.save_once(thumbnail_name(row), thumbnail)
            row.save(force_insert=True)
        except BaseException:
            delete_files([row])
            raise
    return row


def get_thumbnail(row: Input) -> str:
    """Return the storage name of an input's thumbnail, which is made if it is missing.

    Raises NotFound for an input that has none: scripts may send files of any type.
    """
    name = thumbnail_name(row)
    if storage.exists(name):
        return name
    try:
        with storage.open_file(row.file) as file, _copy_to_disk(file) as path:
            thumbnail = media.make_thumbnail(path, media.inspect(path).kind)
    except (FileNotFoundError, media.InvalidMedia, TooLarge):
        raise NotFound("This input has no thumbnail.") from None
    storage.save_once(name, thumbnail)
    return name


@contextmanager
def _copy_to_disk(source: IO[bytes]) -> Iterator[Path]:
    """Copy a file from its beginning to a temporary one. Raises TooLarge as soon as the limit is passed."""
    source.seek(0)
    with NamedTemporaryFile(prefix="drover-input-") as file:
        size = 0
        while chunk := source.read(_CHUNK_BYTES):
            size += len(chunk)
            check_size(size)
            file.write(chunk)
        file.flush()
        yield Path(file.name)
