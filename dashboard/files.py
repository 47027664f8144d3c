"""Serving stored files: whole or by byte ranges, cached for good, and never as a page.

An address always means the same bytes, so a browser may keep them. Players ask for ranges to seek.
"""

import re
from collections.abc import Iterator
from typing import IO

from django.http import HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.utils.http import http_date

from queueapp.errors import NotFound
from queueapp.files import storage
from queueapp.models import Input

#: What browsers may show in place. Everything else is handed over as bytes to be saved: not SVG, not HTML,
#: nothing that could run where the person is signed in.
SHOWN = frozenset(
    {"image/png", "image/jpeg", "image/webp", "image/gif", "image/avif"}
    | {"video/mp4", "video/webm", "video/quicktime"}
)
_CHUNK = 64 * 1024
_RANGE = re.compile(r"bytes=(\d{0,18})-(\d{0,18})", re.ASCII)


def serve(
    request: HttpRequest, name: str, content_type: str, *, filename: str, tag: str, modified: float
) -> HttpResponseBase:
    """A stored file as an answer. `tag` names its content. NotFound if it is gone."""
    etag = f'"{tag}"'
    known = request.headers.get("If-None-Match", "")
    if etag in known or known.strip() == "*":
        return _described(HttpResponse(status=304), etag)
    try:
        file = storage.open_file(name)
    except FileNotFoundError:
        raise NotFound("The file is gone.") from None
    total = file.seek(0, 2)
    response = _answer(request, file, total, etag)
    shown = content_type in SHOWN
    response["Content-Type"] = content_type if shown else "application/octet-stream"
    way = "inline" if shown and "download" not in request.GET else "attachment"
    response["Content-Disposition"] = f'{way}; filename="{filename}"'
    response["Last-Modified"] = http_date(modified)
    return _described(response, etag)


def serve_input(request: HttpRequest, row: Input) -> HttpResponseBase:
    """A stored input. Where a script sent it its type is a claim, so little of it is believed."""
    response = serve(
        request,
        row.file,
        row.content_type,
        filename=f"drover-input-{row.pk.hex[:12]}",
        tag=row.pk.hex,
        modified=row.created_at.timestamp(),
    )
    response["Content-Security-Policy"] = "sandbox; default-src 'none'"
    return response


def _described(response: HttpResponseBase, etag: str) -> HttpResponseBase:
    response["ETag"] = etag
    response["Accept-Ranges"] = "bytes"
    response["Cache-Control"] = "private, max-age=31536000, immutable"
    response["X-Content-Type-Options"] = "nosniff"
    return response


def _answer(request: HttpRequest, file: IO[bytes], total: int, etag: str) -> HttpResponseBase:
    wanted = request.headers.get("Range", "")
    if request.method != "GET" or request.headers.get("If-Range", etag) != etag:
        wanted = ""
    found = _RANGE.fullmatch(wanted)
    if found is None or not any(found.groups()):
        return _part(request, file, 0, total, status=200)
    start, end = _bounds(found[1], found[2], total)
    if start >= end:
        file.close()
        return HttpResponse(status=416, headers={"Content-Range": f"bytes */{total}"})
    response = _part(request, file, start, end, status=206)
    response["Content-Range"] = f"bytes {start}-{end - 1}/{total}"
    return response


def _bounds(first: str, last: str, total: int) -> tuple[int, int]:
    """Where a range begins and where it ends, exclusive."""
    if not first:
        return max(0, total - int(last)), total
    return int(first), min(int(last) + 1, total) if last else total


def _part(request: HttpRequest, file: IO[bytes], start: int, end: int, *, status: int) -> HttpResponseBase:
    response: HttpResponseBase
    if request.method == "HEAD":
        file.close()
        response = HttpResponse(status=status)
    else:
        response = StreamingHttpResponse(_Part(file, start, end), status=status)
    response["Content-Length"] = str(end - start)
    return response


class _Part:
    """A part of a file in pieces; the file is closed with the answer, read or not."""

    def __init__(self, file: IO[bytes], start: int, end: int) -> None:
        self.close = file.close
        self._file, self._left = file, end - start
        file.seek(start)

    def __iter__(self) -> Iterator[bytes]:
        while self._left > 0 and (chunk := self._file.read(min(_CHUNK, self._left))):
            self._left -= len(chunk)
            yield chunk
