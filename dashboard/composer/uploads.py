"""Store the files that arrive with a form as inputs, and put references to them into its fields."""

from io import BytesIO
from typing import IO

from django.contrib.auth.models import User

from dashboard.composer.fields import MEDIA_NAMES, Field
from dashboard.composer.form import ComposerForm
from dashboard.composer.media_fields import FILE_PREFIX
from dashboard.composer.stored_inputs import kinds_of
from dashboard.composer.upload_handler import uploaded_files
from dashboard.requests import HtmxHttpRequest
from queueapp.errors import DroverError
from queueapp.files import data_uri
from queueapp.services import accounts, inputs


def store_upload(user: User, file: IO[bytes], *, media_kind: str = "") -> str:
    """Store a file as an input of the user's namespace and return a reference to it.

    `media_kind` is "image" or "video" if only that is accepted. Raise TooLarge and BadInput, with the reason.
    """
    namespace = accounts.resolve_namespace(user, None)
    return inputs.build_reference(inputs.save_upload(namespace, file, wanted=media_kind).pk)


def store_uploads(request: HtmxHttpRequest, form: ComposerForm) -> dict[str, str]:
    """Store the files of a request and the `data:` URIs in its media fields. Return the errors by field."""
    errors: dict[str, str] = {}
    for field in form.media_fields:
        try:
            form.set_values(field, *_store_field(request, form, field))
        except DroverError as error:
            errors[field.name] = error.detail
    return errors | _kind_errors(form, request.user)


def _store_field(request: HtmxHttpRequest, form: ComposerForm, field: Field) -> list[str]:
    """Return the values of a field with references in place of `data:` URIs, and one for each new file."""
    user = request.user
    values = [_store_data_uris(user, field, text) for text in form.values_of(field)]
    files = uploaded_files(request, FILE_PREFIX + field.name)
    return values + [store_upload(user, file, media_kind=field.file_kind) for file in files]


def _store_data_uris(user: User, field: Field, text: str) -> str:
    lines = text.split("\n")
    for index, line in enumerate(lines):
        if uri := data_uri.parse(line.strip()):
            lines[index] = store_upload(user, BytesIO(uri.body), media_kind=field.file_kind)
    return "\n".join(lines)


def _kind_errors(form: ComposerForm, user: User) -> dict[str, str]:
    """Return an error for each image field with a stored video, and for each video field with an image."""
    lines = [(field, line) for field in form.media_fields for line in form.text_of(field).split("\n")]
    kinds = kinds_of([line for _, line in lines], user)
    return {
        field.name: f"This is {MEDIA_NAMES[kinds[line]]}. Choose {MEDIA_NAMES[field.file_kind]}."
        for field, line in lines
        if kinds.get(line) in MEDIA_NAMES and kinds[line] != field.file_kind
    }
