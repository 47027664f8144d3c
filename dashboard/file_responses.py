"""Serve stored files: whole or by byte range, cacheable for good, and never as a page.

A URL always returns the same bytes, so browsers may cache them for good. Video players request byte ranges
to seek.
"""

import re
from collections.abc import Iterator
from typing import IO

from django.http import HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.utils.http import http_date

from queueapp.errors import NotFound
from queueapp.files import storage
from queueapp.models import Input

#: Content types that browsers display. Every other file is sent as a download of unknown type: SVG and HTML
#: could run scripts in the session of the user.
DISPLAYED_TYPES = frozenset(
    {"image/png", "image/jpeg", "image/webp", "image/gif", "image/avif"}
    | {"video/mp4", "video/webm", "video/quicktime"}
)
_CHUNK_BYTES = 64 * 1024
_RANGE = re.compile(r"bytes=(\d{0,18})-(\d{0,18})", re.ASCII)


def serve_file(
    request: HttpRequest, name: str, content_type: str, *, filename: str, tag: str, modified: float
) -> HttpResponseBase:
    """Return a response with a stored file, or with the byte range that the request names.

    `tag` identifies the content, `modified` is its time of change in seconds since 1970. Raise NotFound if
    the file is gone.
    """
    etag = f'"{tag}"'
    if_none_match = request.headers.get("If-None-Match", "")
    if etag in if_none_match or if_none_match.strip() == "*":
        return _with_cache_headers(HttpResponse(status=304), etag)
    try:
        file = storage.open_file(name)
    except FileNotFoundError:
        raise NotFound("The file is gone.") from None
    response = _ranged_response(request, file, etag)
    is_displayed = content_type in DISPLAYED_TYPES
    disposition = "inline" if is_displayed and "download" not in request.GET else "attachment"
    response["Content-Type"] = content_type if is_displayed else "application/octet-stream"
    response["Content-Disposition"] = f'{disposition}; filename="{filename}"'
    response["Last-Modified"] = http_date(modified)
    return _with_cache_headers(response, etag)


def serve_input(request: HttpRequest, stored: Input) -> HttpResponseBase:
    """Return a response with a stored input. Its content type may be a script's claim, so it is sandboxed."""
    response = serve_file(
        request,
        stored.file,
        stored.content_type,
        filename=f"drover-input-{stored.pk.hex[:12]}",
        tag=stored.pk.hex,
        modified=stored.created_at.timestamp(),
    )
    response["Content-Security-Policy"] = "sandbox; default-src 'none'"
    return response


def _with_cache_headers(response: HttpResponseBase, etag: str) -> HttpResponseBase:
    response["ETag"] = etag
    response["Accept-Ranges"] = "bytes"
    response["Cache-Control"] = "private, max-age=31536000, immutable"
    response["X-Content-Type-Options"] = "nosniff"
    return response


def _ranged_response(request: HttpRequest, file: IO[bytes], etag: str) -> HttpResponseBase:
    """Return the range that the request asks for; the whole file if it asks for none, or for several."""
    total = file.seek(0, 2)
    requested = request.headers.get("Range", "")
    if request.method != "GET" or request.headers.get("If-Range", etag) != etag:
        requested = ""
    match = _RANGE.fullmatch(requested)
    if match is None or not any(match.groups()):
        return _slice_response(request, file, 0, total, status=200)
    start, end = _bounds(match[1], match[2], total)
    if start >= end:
        file.close()
        return HttpResponse(status=416, headers={"Content-Range": f"bytes */{total}"})
    response = _slice_response(request, file, start, end, status=206)
    response["Content-Range"] = f"bytes {start}-{end - 1}/{total}"
    return response


def _bounds(first: str, last: str, total: int) -> tuple[int, int]:
    """Return the start and the exclusive end of a range; without `first`, `last` counts from the end."""
    if not first:
        return max(0, total - int(last)), total
    return int(first), min(int(last) + 1, total) if last else total


def _slice_response(
    request: HttpRequest, file: IO[bytes], start: int, end: int, *, status: int
) -> HttpResponseBase:
    response: HttpResponseBase
    if request.method == "HEAD":
        file.close()
        response = HttpResponse(status=status)
    else:
        response = StreamingHttpResponse(_FileSlice(file, start, end), status=status)
    response["Content-Length"] = str(end - start)
    return response


class _FileSlice:
    """The chunks of a part of a file. Django closes the file with the response, read or not."""

    def __init__(self, file: IO[bytes], start: int, end: int) -> None:
        self.close = file.close
        self._file, self._remaining = file, end - start
        file.seek(start)

    def __iter__(self) -> Iterator[bytes]:
        while self._remaining > 0 and (chunk := self._file.read(min(_CHUNK_BYTES, self._remaining))):
            self._remaining -= len(chunk)
            yield chunk
