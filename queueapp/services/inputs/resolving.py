"""Turn references back into what a hub can read: a link, or the content as a `data:` URI."""

from datetime import datetime
from pathlib import Path

from queueapp.errors import InputGone
from queueapp.files import data_uri, storage
from queueapp.models import Connection, Input
from queueapp.params import Params
from queueapp.services import input_links
from queueapp.services.inputs.references import map_strings, parse_reference, referenced_ids


def upload_size(params: Params) -> int:
    """Return the bytes of all inputs in the parameters as base64, which is how they are sent."""
    sizes = Input.objects.filter(pk__in=referenced_ids(params)).values_list("size", flat=True)
    return sum(sizes) * 4 // 3


def resolve_references(params: Params, connection: Connection, *, asked_at: datetime | None = None) -> Params:
    """Return the parameters with each reference replaced by a link or a `data:` URI.

    A link needs the connection's public address. `asked_at` is the time of the enqueue: with it the links
    are the same each time, so that Drover recognises the parameters in the hub's list. Parameters for the
    built-in engine keep their references: its worker calls `copy_content`. Raises InputGone.
    """
    ids = referenced_ids(params)
    if not ids or connection.kind == Connection.Kind.BUILTIN:
        return params
    rows = Input.objects.in_bulk(ids)

    def resolve(text: str) -> str:
        input_id = parse_reference(text)
        if input_id is None:
            return text
        if input_id not in rows:
            raise InputGone
        if connection.public_url:
            expires_at = input_links.expiry_for(asked_at)
            return input_links.build_link(connection.public_url, input_id, expires_at)
        return str(data_uri.DataUri(rows[input_id].content_type, _read_content(rows[input_id])))

    resolved: Params = map_strings(params, resolve)
    return resolved


def copy_content(reference: str, target: Path) -> bool:
    """Copy the content of a referenced input to a new file; False if the text is no reference.

    Raises InputGone.
    """
    input_id = parse_reference(reference)
    if input_id is None:
        return False
    row = Input.objects.filter(pk=input_id).first()
    if row is None:
        raise InputGone
    target.write_bytes(_read_content(row))
    return True


def _read_content(row: Input) -> bytes:
    try:
        with storage.open_file(row.file) as file:
            return file.read()
    except FileNotFoundError:
        raise InputGone from None
