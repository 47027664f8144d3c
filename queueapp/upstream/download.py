"""Results, from the link a hub gave to a file: whole or not at all, and from nowhere it should not be.

The key goes along only to the hub's own origin. Redirects are followed by hand, at most five, never from
https down to http, and each hop is judged like the first: a host other than the hub's own must stand at a
public address, and the address connected to is the one that was checked (addresses.py, wire.py). Behind
a proxy of the network the proxy does the looking up; there only names known here to be private are refused.
"""

import os
import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO
from urllib.parse import urljoin

import requests

from queueapp.upstream.clock import hub_time
from queueapp.upstream.errors import (
    AmbiguousResponse,
    InvalidLink,
    UpstreamError,
    link_error_for_status,
    parse_retry_after,
)
from queueapp.upstream.parsing import as_integer
from queueapp.upstream.transport import Transport

MAX_REDIRECTS = 5
_REDIRECTS = (301, 302, 303, 307, 308)


@dataclass(frozen=True, slots=True)
class DownloadedFile:
    """A stored result. `content_type` is what the server claimed, not what the bytes are."""

    path: Path
    size: int
    content_type: str


def download(
    transport: Transport, base_url: str, url: str, target: Path, *, cap: int, seconds: float
) -> DownloadedFile:
    """Store what `url` (absolute, or a path on the hub) holds in `target`, which appears only when whole.

    `cap` in bytes, `seconds` for all hops together. Raises UpstreamError, and OSError when this machine's
    disk is the trouble; either way nothing is left behind.
    """
    until = time.monotonic() + seconds
    url = _join_url(base_url + "/", url)
    for _ in range(MAX_REDIRECTS + 1):
        left = max(until - time.monotonic(), 0.001)
        with transport.open("GET", url, seconds=left, headers={"Accept-Encoding": "identity"}) as response:
            if response.status_code in _REDIRECTS:
                url = _redirect_target(url, response.headers.get("Location"))
                continue
            if response.status_code != 200:
                raise _error_for_response(transport, response)
            return _store(transport, response, target, cap)
    raise InvalidLink(f"The link leads on more than {MAX_REDIRECTS} times.")


def _join_url(base: str, url: str) -> str:
    try:
        return urljoin(base, url.strip().replace(" ", "%20"))
    except ValueError:
        pass
    raise InvalidLink("This is no web address.")


def _redirect_target(url: str, location: str | None) -> str:
    if not location:
        raise InvalidLink("The link leads on to nowhere.")
    following = _join_url(url, location)
    if url.lower().startswith("https:") and not following.lower().startswith("https:"):
        raise InvalidLink("The link leads from an encrypted connection to one that is not.")
    return following


def _error_for_response(transport: Transport, response: requests.Response) -> UpstreamError:
    kind = link_error_for_status(response.status_code)
    now = hub_time(response.headers.get("Date"), transport.clock)
    return kind(
        f"The link to the result answered {response.status_code}.",
        status=response.status_code,
        retry_after=parse_retry_after(response.headers.get("Retry-After"), now),
    )


def _store(transport: Transport, response: requests.Response, target: Path, cap: int) -> DownloadedFile:
    too_large = InvalidLink(f"The result is larger than {cap:,} bytes.", status=response.status_code)
    if (as_integer(response.headers.get("Content-Length")) or 0) > cap:
        raise too_large
    size = 0
    with _atomic_file(target) as file:
        for piece in transport.pieces(response):
            size += len(piece)
            if size > cap:
                raise too_large
            file.write(piece)
        if size == 0:
            raise AmbiguousResponse("The result is empty.", status=response.status_code)
    return DownloadedFile(target, size, transport.clean(response.headers.get("Content-Type", ""), 100))


@contextmanager
def _atomic_file(target: Path) -> Iterator[BinaryIO]:
    """A file beside `target` that takes its name at the end, or is removed."""
    part = target.with_name(f".{target.name}.{secrets.token_hex(4)}.part")
    try:
        with part.open("xb") as file:
            yield file
        os.replace(part, target)
    finally:
        part.unlink(missing_ok=True)
