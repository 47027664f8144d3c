"""Storing what a backend made."""

from pathlib import Path

from django.db import transaction
from django.db.models import Q

from queueapp.files import media, storage
from queueapp.models import Generation, Result
from queueapp.services import catalog
from queueapp.services.lifecycle.transitions import transition
from queueapp.states import State


def save_files(generation: Generation, path: Path) -> Result:
    """Put a made file and its thumbnail into the storage; the unsaved row that describes them.

    What it is, is told by its bytes: raises media.NotMedia for anything but an image or a video.
    """
    info = media.inspect(path)
    small = media.make_thumbnail(path, info.kind)
    result = Result(
        generation=generation,
        content_type=info.content_type,
        size=path.stat().st_size,
        width=info.width,
        height=info.height,
        seconds=info.seconds,
    )
    try:
        result.file = storage.save_file("results", f"{generation.pk}.{info.extension}", path)
        result.thumbnail = storage.save_bytes("thumbnails", f"{generation.pk}.webp", small)
    except BaseException:
        delete_files(result)
        raise
    return result


def delete_files(result: Result) -> None:
    """Remove the files of a result that was never saved."""
    storage.delete(result.file)
    storage.delete(result.thumbnail)


def finish_with_result(generation: Generation, result: Result, *, where: Q | None = None) -> bool:
    """End a generation with its result; False, and nothing kept, if it ended or changed hands before."""
    try:
        with transaction.atomic():
            won = transition(generation, State.SUCCEEDED, where=where, lease_token="", lease_expires_at=None)
            if won:
                result.save(force_insert=True)
    except BaseException:
        delete_files(result)
        raise
    if not won:
        delete_files(result)
        return False
    catalog.update_durations(generation.model_id)
    return True
