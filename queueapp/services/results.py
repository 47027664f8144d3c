"""Store the results of generations: the file, a thumbnail, and a row that describes them."""

from pathlib import Path

from django.db import transaction
from django.db.models import Q

from queueapp.files import media, storage
from queueapp.models import Generation, Result
from queueapp.services import catalog
from queueapp.services.lifecycle.transitions import transition
from queueapp.states import State


def save_files(generation: Generation, path: Path) -> Result:
    """Copy a result and its thumbnail into the storage and return an unsaved row that describes them.

    The type is detected from the file's bytes. Raises media.InvalidMedia if it is neither image nor video.
    """
    info = media.inspect(path)
    thumbnail = media.make_thumbnail(path, info.kind)
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
        result.thumbnail = storage.save_bytes("thumbnails", f"{generation.pk}.webp", thumbnail)
    except BaseException:
        delete_files(result)
        raise
    return result


def delete_files(result: Result) -> None:
    """Delete the files of a result whose row was not saved."""
    storage.delete(result.file)
    storage.delete(result.thumbnail)


def finish_with_result(generation: Generation, result: Result, *, where: Q | None = None) -> bool:
    """End a generation as succeeded and save its result in one transaction.

    Deletes the result's files and returns False if the generation had ended or `where` does not match.
    """
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
