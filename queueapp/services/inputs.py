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

from queueapp import datauri, media, storage
from queueapp.errors import BadInput, BadRequest, InputGone, NotFound, TooLarge
from queueapp.models import Connection, Input, Namespace
from queueapp.params import Params
from queueapp.services import sharing

#: How a stored body is named where the URI stood.
REFERENCE = "drover-input:"
#: An upload that no submission names is removed after this long.
UNUSED = timedelta(days=1)
_CHUNK = 64 * 1024
_SMALL = ".small.webp"
_WORDS = {"image": "a picture", "video": "a video"}


def key_of(text: Any) -> UUID | None:
    """The id of the input that a text names; None for every other value."""
    if not isinstance(text, str) or not text.startswith(REFERENCE):
        return None
    try:
        return UUID(text.removeprefix(REFERENCE))
    except ValueError:
        return None


def keys_in(params: Any) -> set[UUID]:
    """The ids of all inputs that parameters name."""
    found: set[UUID] = set()

    def look(text: str) -> str:
        if key := key_of(text):
            found.add(key)
        return text

    _map_strings(params, look)
    return found


def keep(namespace: Namespace, source: IO[bytes], *, wanted: str = "") -> Input:
    """Store what somebody chose in the page, described by its bytes.

    `wanted` is "image" or "video" where only that will do. Raises TooLarge and BadInput, with the reason.
    """
    with _on_disk(source) as path:
        try:
            info = media.inspect(path)
            small = media.thumbnail(path, info.kind)
        except media.NotMedia as error:
            raise BadInput(f"It cannot be used: {error}.") from None
        if wanted and info.kind != wanted:
            raise BadInput(f"This is {_WORDS[info.kind]}; {_WORDS[wanted]} is wanted here.")
        row = Input(namespace=namespace, content_type=info.content_type, size=path.stat().st_size)
        try:
            row.file = storage.save_path("inputs", f"{row.pk}.{info.extension}", path)
            storage.save_as(row.file + _SMALL, small)
            row.save(force_insert=True)
        except BaseException:
            discard([row])
            raise
    return row


@contextmanager
def _on_disk(source: IO[bytes]) -> Iterator[Path]:
    """A copy of `source` that is read from its beginning; TooLarge as soon as it is."""
    source.seek(0)
    with NamedTemporaryFile(prefix="drover-input-") as file:
        size = 0
        while chunk := source.read(_CHUNK):
            size += len(chunk)
            ensure_size(size)
            file.write(chunk)
        file.flush()
        yield Path(file.name)


def ensure_size(size: int) -> None:
    """TooLarge for more bytes than an input may have."""
    if size > settings.DROVER_MAX_INPUT_BYTES:
        most = settings.DROVER_MAX_INPUT_BYTES / (1024 * 1024)
        raise TooLarge(f"An image or video given as an input can have at most {most:.3g} MB.")


def small(row: Input) -> str:
    """The name of an input's small picture in the storage, made if need be; NotFound if it has none."""
    name = row.file + _SMALL
    if storage.exists(name):
        return name
    try:
        with storage.open_file(row.file) as file, _on_disk(file) as path:
            body = media.thumbnail(path, media.inspect(path).kind)
    except (FileNotFoundError, media.NotMedia, TooLarge):
        raise NotFound("There is no small picture of it.") from None
    storage.save_as(name, body)
    return name


def extract(params: Params, namespace: Namespace) -> tuple[Params, list[Input]]:
    """The parameters with each `data:` body replaced by a reference, and the unsaved rows of the bodies.

    The files are stored already; `discard` removes them if the rows are not saved after all. Raises
    BadRequest for a broken URI and for a reference to nothing of theirs, TooLarge for a large body.
    """
    inputs: list[Input] = []

    def take(text: str) -> str:
        if text.startswith(REFERENCE):
            _ensure_own(text, namespace)
        uri = datauri.parse(text)
        if uri is None:
            return text
        ensure_size(len(uri.body))
        row = Input(
            namespace=namespace,
            content_type=uri.content_type[:100],
            size=len(uri.body),
            used_at=timezone.now(),
        )
        row.file = storage.save_bytes("inputs", f"{row.pk}.bin", uri.body)
        inputs.append(row)
        return f"{REFERENCE}{row.pk}"

    try:
        return _map_strings(params, take), inputs
    except BaseException:
        discard(inputs)
        raise


def _ensure_own(reference: str, namespace: Namespace) -> None:
    """BadRequest for a reference to an input that is not there, or that is somebody else's."""
    key = key_of(reference)
    if key is None or not Input.objects.filter(pk=key, namespace=namespace).exists():
        raise BadRequest(f"There is no input {reference[:80]}.")


def use(params: Params) -> None:
    """Keep for good what these parameters name, in the transaction that stores them.

    BadRequest if an upload was removed as unused meanwhile.
    """
    keys = keys_in(params)
    if not keys:
        return
    Input.objects.filter(pk__in=keys, used_at=None).update(used_at=timezone.now())
    if Input.objects.filter(pk__in=keys).count() < len(keys):
        raise BadRequest("An input has been removed, since nothing used it for a day. Choose it again.")


def weight(params: Params) -> int:
    """Bytes that the inputs named in parameters take when they are sent whole."""
    sizes = Input.objects.filter(pk__in=keys_in(params)).values_list("size", flat=True)
    return sum(sizes) * 4 // 3


def restore(params: Params, connection: Connection, *, asked_at: datetime | None = None) -> Params:
    """The parameters as the hub is to get them, each reference turned back into its content.

    Where the connection has a public address that is a link, elsewhere a `data:` URI. With `asked_at`, the
    time of the enqueue, the same links come out each time, so that a lost answer can be matched by them.
    Raises InputGone. The built-in engine reads no inputs: its parameters stay as they are.
    """
    keys = keys_in(params)
    if not keys or connection.kind == Connection.Kind.BUILTIN:
        return params
    rows = Input.objects.in_bulk(keys)

    def back(text: str) -> str:
        key = key_of(text)
        if key is None:
            return text
        if key not in rows:
            raise InputGone
        if connection.public_url:
            return sharing.link(connection.public_url, key, sharing.until(asked_at))
        return str(datauri.DataUri(rows[key].content_type, _body(rows[key])))

    restored: Params = _map_strings(params, back)
    return restored


def _body(row: Input) -> bytes:
    try:
        with storage.open_file(row.file) as file:
            return file.read()
    except FileNotFoundError:
        raise InputGone from None


def sweep(now: datetime) -> int:
    """Remove uploads that no submission has named for a day; how many."""
    removed = 0
    for row in Input.objects.filter(used_at=None, created_at__lt=now - UNUSED).order_by("created_at")[:1000]:
        # A submission may name it just now.
        if Input.objects.filter(pk=row.pk, used_at=None).delete()[0]:
            discard([row])
            removed += 1
    return removed


def discard(inputs: list[Input]) -> None:
    """Remove the files of rows that are not, or no longer, in the database."""
    for row in inputs:
        if row.file:
            storage.delete(row.file + _SMALL)
            storage.delete(row.file)


def _map_strings(value: Any, change: Callable[[str], str]) -> Any:
    if isinstance(value, str):
        return change(value)
    if isinstance(value, list):
        return [_map_strings(item, change) for item in value]
    if isinstance(value, dict):
        return {key: _map_strings(item, change) for key, item in value.items()}
    return value
