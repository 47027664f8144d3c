"""Files that arrive with a form: no larger than an input may be, and turned into stored inputs."""

from io import BytesIO
from typing import IO, Any, cast

from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.core.files.uploadhandler import FileUploadHandler, SkipFile

from dashboard import media_fields
from dashboard.forms import Composer
from dashboard.requests import HtmxHttpRequest
from dashboard.schema import Field
from dashboard.shown import PREFIX
from queueapp.errors import DroverError
from queueapp.files import data_uri
from queueapp.services import accounts, inputs


class Capped(FileUploadHandler):
    """Lets go of a file that grows too large, before it fills memory or disk; the rest is read."""

    def new_file(self, *args: Any, **kwargs: Any) -> None:
        super().new_file(*args, **kwargs)
        self._size = 0

    def receive_data_chunk(self, raw_data: bytes, start: int) -> bytes:
        self._size += len(raw_data)
        if self._size > settings.DROVER_MAX_INPUT_BYTES:
            dropped: set[str] = self.request.__dict__.setdefault("dropped_files", set())
            dropped.add(str(self.field_name))
            raise SkipFile
        return raw_data

    def file_complete(self, file_size: int) -> None:
        return None


def files_of(request: HtmxHttpRequest, name: str) -> list[IO[bytes]]:
    """The files of one field. TooLarge if one of them was let go of."""
    found = [file for file in request.FILES.getlist(name) if isinstance(file, UploadedFile)]
    if name in getattr(request, "dropped_files", ()):
        inputs.check_size(settings.DROVER_MAX_INPUT_BYTES + 1)
    return [cast(IO[bytes], file) for file in found if file.size]


def take(request: HtmxHttpRequest, composer: Composer) -> dict[str, str]:
    """Store the files that came with a composer, and name them in its fields; what is wrong, by field.

    What was typed as a `data:` URI is a file, too.
    """
    wrong: dict[str, str] = {}
    typed = composer.typed = composer.typed.copy()
    for field in composer.media_fields:
        name = PREFIX + field.name
        try:
            values = [_stored(request, field, value) for value in typed.getlist(name)]
            files = files_of(request, media_fields.FILE + field.name)
            typed.setlist(name, [*values, *(_keep(request, field, file) for file in files)])
        except DroverError as error:
            wrong[field.name] = error.detail
    return wrong | _wrong_kinds(request, composer)


def _stored(request: HtmxHttpRequest, field: Field, value: str) -> str:
    lines = value.split("\n")
    for place, line in enumerate(lines):
        if uri := data_uri.parse(line.strip()):
            lines[place] = _keep(request, field, BytesIO(uri.body))
    return "\n".join(lines)


def _keep(request: HtmxHttpRequest, field: Field, file: IO[bytes]) -> str:
    row = inputs.save_upload(accounts.resolve_namespace(request.user, None), file, wanted=field.medium)
    return f"{inputs.REFERENCE_PREFIX}{row.pk}"


def _wrong_kinds(request: HtmxHttpRequest, composer: Composer) -> dict[str, str]:
    texts = [(field, composer.text_of(field)) for field in composer.media_fields]
    values = [line for _, text in texts for line in text.split("\n")]
    kinds = media_fields.kinds_of(values, accounts.visible_namespaces(request.user))
    found = {field.name: media_fields.wrong_kind(field, text, kinds) for field, text in texts}
    return {name: words for name, words in found.items() if words}


def carry(request: HtmxHttpRequest, composer: Composer) -> None:
    """Give stored inputs that this model has no field for to its fitting ones; the rest are kept."""
    strays = composer.strays()
    if not strays:
        return
    kinds = media_fields.kinds_of(strays, accounts.visible_namespaces(request.user))
    composer.place(strays, kinds)


def without(composer: Composer, told: str) -> None:
    """Take a value out of a field, as a page without scripts asks for it: the field's name and the value."""
    name, _, value = told.rpartition(" ")
    if not name:
        return
    composer.typed = composer.typed.copy()
    kept = [
        line for each in composer.typed.getlist(name) for line in each.split("\n") if line.strip() != value
    ]
    composer.typed.setlist(name, kept)
