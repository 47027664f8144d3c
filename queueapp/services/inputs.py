"""Bodies of `data:` URIs in parameters: kept as files, named in the parameters in their place."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.utils import timezone

from queueapp import datauri, storage
from queueapp.errors import BadRequest
from queueapp.models import Input, Namespace
from queueapp.params import Params

#: How a stored body is named where the URI stood.
REFERENCE = "drover-input:"


def extract(params: Params, namespace: Namespace) -> tuple[Params, list[Input]]:
    """The parameters with each `data:` body replaced by a reference, and the unsaved rows of the bodies.

    The files are stored already; `discard` removes them if the rows are not saved after all.
    """
    inputs: list[Input] = []

    def keep(text: str) -> str:
        if text.startswith(REFERENCE):
            _ensure_own(text, namespace)
        uri = datauri.parse(text)
        if uri is None:
            return text
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
        return _map_strings(params, keep), inputs
    except BaseException:
        discard(inputs)
        raise


def _ensure_own(reference: str, namespace: Namespace) -> None:
    """BadRequest for a reference to an input that is not there, or that is somebody else's."""
    try:
        key = UUID(reference.removeprefix(REFERENCE))
    except ValueError:
        key = None
    if key is None or not Input.objects.filter(pk=key, namespace=namespace).exists():
        raise BadRequest(f"There is no input {reference[:80]}.")


def discard(inputs: list[Input]) -> None:
    """Remove the files of rows that were never saved."""
    for row in inputs:
        storage.delete(row.file)


def _map_strings(value: Any, change: Callable[[str], str]) -> Any:
    if isinstance(value, str):
        return change(value)
    if isinstance(value, list):
        return [_map_strings(item, change) for item in value]
    if isinstance(value, dict):
        return {key: _map_strings(item, change) for key, item in value.items()}
    return value
