"""Limit the size of uploaded files while they arrive."""

from typing import IO, Any, cast

from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.core.files.uploadhandler import FileUploadHandler, SkipFile
from django.http import HttpRequest

from queueapp.services import inputs


class SizeLimitHandler(FileUploadHandler):
    """Discard a file as soon as it exceeds DROVER_MAX_INPUT_BYTES, before it fills memory or disk.

    The rest of the request is read, so that the browser gets a response.
    """

    def new_file(self, *args: Any, **kwargs: Any) -> None:
        super().new_file(*args, **kwargs)
        self._size = 0

    def receive_data_chunk(self, raw_data: bytes, start: int) -> bytes:
        self._size += len(raw_data)
        if self._size > settings.DROVER_MAX_INPUT_BYTES:
            _oversized_fields(self.request).add(str(self.field_name))
            raise SkipFile
        return raw_data

    def file_complete(self, file_size: int) -> None:
        return None


def uploaded_files(request: HttpRequest, name: str) -> list[IO[bytes]]:
    """Return the files of a field that are not empty. Raise TooLarge if one of them was discarded."""
    # Parsing the request runs the handlers, so the files are read before the discarded ones are known.
    files = [file for file in request.FILES.getlist(name) if isinstance(file, UploadedFile) and file.size]
    if name in _oversized_fields(request):
        inputs.check_size(settings.DROVER_MAX_INPUT_BYTES + 1)
    return [cast(IO[bytes], file) for file in files]


def _oversized_fields(request: HttpRequest | None) -> set[str]:
    """Return the names of the fields whose files were discarded, kept on the request."""
    fields: set[str] = request.__dict__.setdefault("oversized_fields", set())
    return fields
