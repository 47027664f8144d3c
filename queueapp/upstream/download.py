"""Download a result from the link that a hub sent: completely or not at all, and from public hosts only.

The key is sent to the hub's own origin only. Redirects are followed here, at most five, never from https
to http, and each is checked like the first link: a host other than the hub's own must have a public
address, and the connection goes to the address that was checked (`addresses`, `sockets`). Behind a proxy
the proxy resolves names, so only hosts known to be private are refused.
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
from queueapp.upstream.transport import Request, Transport

MAX_REDIRECTS = 5
_REDIRECT_STATUSES = (301, 302, 303, 307, 308)


@dataclass(frozen=True, slots=True)
class DownloadedFile:
    """A downloaded result. `content_type` is the server's header and not checked against the content."""

    path: Path
    size: int
    content_type: str


def download(
    transport: Transport, base_url: str, url: str, target: Path, *, max_bytes: int, timeout: float
) -> DownloadedFile:
    """Download `url`, absolute or a path on the hub, to `target`, which appears only when complete.

    `timeout` is in seconds for all redirects together. Raises UpstreamError, and OSError if the file
    cannot be written; in both cases no part of it remains.
    """
    deadline = time.monotonic() + timeout
    url = _join_url(base_url + "/", url)
    for _ in range(MAX_REDIRECTS + 1):
        request = Request("GET", url, headers={"Accept-Encoding": "identity"})
        remaining = max(deadline - time.monotonic(), 0.001)
        with transport.open(request, timeout=remaining) as response:
            if response.status_code in _REDIRECT_STATUSES:
                url = _redirect_target(url, response.headers.get("Location"))
                continue
            if response.status_code != 200:
                raise _link_error(transport, response)
            return _save_body(transport, response, target, max_bytes)
    raise InvalidLink(f"The link redirects more than {MAX_REDIRECTS} times.")


def _join_url(base: str, url: str) -> str:
    try:
        return urljoin(base, url.strip().replace(" ", "%20"))
    except ValueError:
        pass
    # Raised here so that the ValueError, which repeats the link, is not its context.
    raise InvalidLink("This is not a web address.")


def _redirect_target(url: str, location: str | None) -> str:
    if not location:
        raise InvalidLink("The link redirects without a target.")
    target = _join_url(url, location)
    if url.lower().startswith("https:") and not target.lower().startswith("https:"):
        raise InvalidLink("The link redirects from an encrypted connection to one that is not.")
    return target


def _link_error(transport: Transport, response: requests.Response) -> UpstreamError:
    error_class = link_error_for_status(response.status_code)
    now = hub_time(response.headers.get("Date"), transport.clock)
    return error_class(
        f"The link to the result answered with HTTP {response.status_code}.",
        status=response.status_code,
        retry_after=parse_retry_after(response.headers.get("Retry-After"), now),
    )


def _save_body(
    transport: Transport, response: requests.Response, target: Path, max_bytes: int
) -> DownloadedFile:
    too_large = InvalidLink(f"The result is larger than {max_bytes:,} bytes.", status=response.status_code)
    if (as_integer(response.headers.get("Content-Length")) or 0) > max_bytes:
        raise too_large
    size = 0
    with _atomic_file(target) as file:
        for chunk in transport.iter_body(response):
            size += len(chunk)
            if size > max_bytes:
                raise too_large
            file.write(chunk)
        if size == 0:
            raise AmbiguousResponse("The result is empty.", status=response.status_code)
    return DownloadedFile(target, size, transport.redact(response.headers.get("Content-Type", ""), 100))


@contextmanager
def _atomic_file(target: Path) -> Iterator[BinaryIO]:
    """Open a temporary file beside `target`. Rename it to `target` at the end, or remove it on an error."""
    temporary = target.with_name(f".{target.name}.{secrets.token_hex(4)}.part")
    try:
        with temporary.open("xb") as file:
            yield file
        os.replace(temporary, target)
    finally:
        temporary.unlink(missing_ok=True)
