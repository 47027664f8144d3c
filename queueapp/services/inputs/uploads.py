"""Images and videos given as parameters: kept as files, and named in the parameters in their place.

What a person uploads is checked by its bytes before it is kept. What a script sends as a `data:` URI is
kept as it is: the hub judges it.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import IO, Any
from uuid import UUID

from django.conf import settings
from django.utils import timezone

from queueapp.errors import BadInput, BadRequest, InputGone, NotFound, TooLarge
from queueapp.files import data_uri, media, storage
from queueapp.models import Connection, Input, Namespace
from queueapp.params import Params
from queueapp.services import input_links

#: How a stored body is named where the URI stood.
REFERENCE_PREFIX = "drover-input:"
#: An upload that no submission names is removed after this long.
UNUSED_RETENTION = timedelta(days=1)
_CHUNK = 64 * 1024
_THUMBNAIL_SUFFIX = ".small.webp"
_KIND_TEXTS = {"image": "a picture", "video": "a video"}


def parse_reference(text: Any) -> UUID | None:
    """The id of the input that a text names; None for every other value."""
    if not isinstance(text, str) or not text.startswith(REFERENCE_PREFIX):
        return None
    try:
        return UUID(text.removeprefix(REFERENCE_PREFIX))
    except ValueError:
        return None


def referenced_ids(params: Any) -> set[UUID]:
    """The ids of all inputs that parameters name."""
    found: set[UUID] = set()

    def look(text: str) -> str:
        if key := parse_reference(text):
            found.add(key)
        return text

    _map_strings(params, look)
    return found


def save_upload(namespace: Namespace, source: IO[bytes], *, wanted: str = "") -> Input:
    """Store what somebody chose in the page, described by its bytes.

    `wanted` is "image" or "video" where only that will do. Raises TooLarge and BadInput, with the reason.
    """
    with _copy_to_disk(source) as path:
        try:
            info = media.inspect(path)
            small = media.make_thumbnail(path, info.kind)
        except media.InvalidMedia as error:
            raise BadInput(f"It cannot be used: {error}.") from None
        if wanted and info.kind != wanted:
            raise BadInput(f"This is {_KIND_TEXTS[info.kind]}; {_KIND_TEXTS[wanted]} is wanted here.")
        row = Input(namespace=namespace, content_type=info.content_type, size=path.stat().st_size)
        try:
            row.file = storage.save_file("inputs", f"{row.pk}.{info.extension}", path)
            storage.save_once(row.file + _THUMBNAIL_SUFFIX, small)
            row.save(force_insert=True)
        except BaseException:
            delete_files([row])
            raise
    return row


@contextmanager
def _copy_to_disk(source: IO[bytes]) -> Iterator[Path]:
    """A copy of `source` that is read from its beginning; TooLarge as soon as it is."""
    source.seek(0)
    with NamedTemporaryFile(prefix="drover-input-") as file:
        size = 0
        while chunk := source.read(_CHUNK):
            size += len(chunk)
            check_size(size)
            file.write(chunk)
        file.flush()
        yield Path(file.name)


def check_size(size: int) -> None:
    """TooLarge for more bytes than an input may have."""
    if size > settings.DROVER_MAX_INPUT_BYTES:
        most = settings.DROVER_MAX_INPUT_BYTES / (1024 * 1024)
        raise TooLarge(f"An image or video given as an input can have at most {most:.3g} MB.")


def get_thumbnail(row: Input) -> str:
    """The name of an input's small picture in the storage, made if need be; NotFound if it has none."""
    name = row.file + _THUMBNAIL_SUFFIX
    if storage.exists(name):
        return name
    try:
        with storage.open_file(row.file) as file, _copy_to_disk(file) as path:
            body = media.make_thumbnail(path, media.inspect(path).kind)
    except (FileNotFoundError, media.InvalidMedia, TooLarge):
        raise NotFound("There is no small picture of it.") from None
    storage.save_once(name, body)
    return name


def extract_data_uris(params: Params, namespace: Namespace) -> tuple[Params, list[Input]]:
    """The parameters with each `data:` body replaced by a reference, and the unsaved rows of the bodies.

    The files are stored already; `discard` removes them if the rows are not saved after all. Raises
    BadRequest for a broken URI and for a reference to nothing of theirs, TooLarge for a large body.
    """
    inputs: list[Input] = []

    def take(text: str) -> str:
        if text.startswith(REFERENCE_PREFIX):
            _check_reference(text, namespace)
        uri = data_uri.parse(text)
        if uri is None:
            return text
        check_size(len(uri.body))
        row = Input(
            namespace=namespace,
            content_type=uri.content_type[:100],
            size=len(uri.body),
            used_at=timezone.now(),
        )
        row.file = storage.save_bytes("inputs", f"{row.pk}.bin", uri.body)
        inputs.append(row)
        return f"{REFERENCE_PREFIX}{row.pk}"

    try:
        return _map_strings(params, take), inputs
    except BaseException:
        delete_files(inputs)
        raise


def _check_reference(reference: str, namespace: Namespace) -> None:
    """BadRequest for a reference to an input that is not there, or that is somebody else's."""
    key = parse_reference(reference)
    if key is None or not Input.objects.filter(pk=key, namespace=namespace).exists():
        raise BadRequest(f"There is no input {reference[:80]}.")


def mark_used(params: Params) -> None:
    """Keep for good what these parameters name, in the transaction that stores them.

    BadRequest if an upload was removed as unused meanwhile.
    """
    keys = referenced_ids(params)
    if not keys:
        return
    Input.objects.filter(pk__in=keys, used_at=None).update(used_at=timezone.now())
    if Input.objects.filter(pk__in=keys).count() < len(keys):
        raise BadRequest("An input has been removed, since nothing used it for a day. Choose it again.")


def upload_size(params: Params) -> int:
    """Bytes that the inputs named in parameters take when they are sent whole."""
    sizes = Input.objects.filter(pk__in=referenced_ids(params)).values_list("size", flat=True)
    return sum(sizes) * 4 // 3


def resolve_references(params: Params, connection: Connection, *, asked_at: datetime | None = None) -> Params:
    """The parameters as the hub is to get them, each reference turned back into its content.

    Where the connection has a public address that is a link, elsewhere a `data:` URI. With `asked_at`, the
    time of the enqueue, the same links come out each time, so that a lost answer can be matched by them.
    Raises InputGone. The built-in engine reads no inputs: its parameters stay as they are.
    """
    keys = referenced_ids(params)
    if not keys or connection.kind == Connection.Kind.BUILTIN:
        return params
    rows = Input.objects.in_bulk(keys)

    def back(text: str) -> str:
        key = parse_reference(text)
        if key is None:
            return text
        if key not in rows:
            raise InputGone
        if connection.public_url:
            return input_links.build_link(connection.public_url, key, input_links.expiry_for(asked_at))
        return str(data_uri.DataUri(rows[key].content_type, _read_body(rows[key])))

    restored: Params = _map_strings(params, back)
    return restored


def _read_body(row: Input) -> bytes:
    try:
        with storage.open_file(row.file) as file:
            return file.read()
    except FileNotFoundError:
        raise InputGone from None


def delete_unused(now: datetime) -> int:
    """Remove uploads that no submission has named for a day; how many."""
    removed = 0
    for row in Input.objects.filter(used_at=None, created_at__lt=now - UNUSED_RETENTION).order_by(
        "created_at"
    )[:1000]:
        # A submission may name it just now.
        if Input.objects.filter(pk=row.pk, used_at=None).delete()[0]:
            delete_files([row])
            removed += 1
    return removed


def delete_files(inputs: list[Input]) -> None:
    """Remove the files of rows that are not, or no longer, in the database."""
    for row in inputs:
        if row.file:
            storage.delete(row.file + _THUMBNAIL_SUFFIX)
            storage.delete(row.file)


def _map_strings(value: Any, change: Callable[[str], str]) -> Any:
    if isinstance(value, str):
        return change(value)
    if isinstance(value, list):
        return [_map_strings(item, change) for item in value]
    if isinstance(value, dict):
        return {key: _map_strings(item, change) for key, item in value.items()}
    return value
