"""Move the contents of `data:` URIs from parameters into stored inputs."""

from django.utils import timezone

from queueapp.errors import BadRequest
from queueapp.files import data_uri, storage
from queueapp.models import Input, Namespace
from queueapp.params import Params
from queueapp.services.inputs.files import check_size, delete_files
from queueapp.services.inputs.references import (
    REFERENCE_PREFIX,
    build_reference,
    map_strings,
    parse_reference,
)


def extract_data_uris(params: Params, namespace: Namespace) -> tuple[Params, list[Input]]:
    """Store the content of each `data:` URI. Return the parameters with references, and the unsaved rows.

    The bytes are not checked: the hub decides what it accepts. If the rows are not saved after all, delete
    their files with `delete_files`. Raises BadRequest for an invalid URI and for a reference to an input
    that is not in the namespace, and TooLarge for a large content.
    """
    inputs: list[Input] = []

    def extract(text: str) -> str:
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
        return build_reference(row.pk)

    try:
        return map_strings(params, extract), inputs
    except BaseException:
        delete_files(inputs)
        raise


def _check_reference(reference: str, namespace: Namespace) -> None:
    input_id = parse_reference(reference)
    if input_id is None or not Input.objects.filter(pk=input_id, namespace=namespace).exists():
        raise BadRequest(f"There is no input {reference[:80]}.")
