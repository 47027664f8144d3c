"""Storing a result that a hub has: fetched once, checked by its bytes, retried until it is there."""

import logging
import shutil
import tempfile
import time
from pathlib import Path

from django.conf import settings
from django.db import DatabaseError

from queueapp import lifesigns, media
from queueapp.backends import client_of
from queueapp.models import Download
from queueapp.sealing import Undecryptable
from queueapp.services import claims, downloads, results
from queueapp.upstream import BadLink, Client, LinkExpired, Revision, UpstreamError

log = logging.getLogger(__name__)

#: Seconds for the whole of one try; a worker's task may take twice as long.
SECONDS = 300.0
NO_LINK = "The hub has told no link to the result."
EXPIRED = "The link to the result has expired, and this hub tells no other."


def fetch(generation_id: str) -> None:
    """Fetch one result, unless somebody does already. Safe to call any number of times."""
    download = downloads.take(generation_id, claims.new_claim())
    if download is None:
        return
    try:
        with lifesigns.given(lambda: downloads.renew(download)):
            _fetch(download)
    except UpstreamError as error:
        hopeless = isinstance(error, BadLink)
        downloads.failed(download, error.message, hopeless=hopeless, retry_after=error.retry_after)
    except media.NotMedia as error:
        downloads.failed(download, f"What the link leads to is no picture or video: {error}.", hopeless=True)
    except (Undecryptable, ValueError) as error:
        downloads.failed(download, str(error))
    except DatabaseError:
        raise  # The hold lapses, and it is tried again.
    except OSError as error:
        downloads.failed(download, f"It could not be written to the disk: {error.strerror or error}.")
    except Exception:
        log.exception("Storing the result of %s failed.", generation_id)
        downloads.failed(download, "It could not be stored; the log says more.")


def _fetch(download: Download) -> None:
    client = client_of(download.connection)
    until = time.monotonic() + SECONDS
    with _folder(download) as folder:
        target = Path(folder) / "result"
        if not download.url:
            downloads.new_link(download, _fresh_link(download, client))
        try:
            _load(client, download.url, target, until)
        except LinkExpired:
            link = _fresh_link(download, client)
            if link == download.url:
                raise
            downloads.new_link(download, link)
            _load(client, link, target, until)
        result = results.store(download.generation, target)
    downloads.stored(download, result)


def _folder(download: Download) -> tempfile.TemporaryDirectory[str]:
    """A folder for this try alone. What a worker that died left of an earlier one is removed."""
    name = f"drover-{download.pk.hex}-"
    for left in Path(tempfile.gettempdir()).glob(f"{name}*"):
        shutil.rmtree(left, ignore_errors=True)
    return tempfile.TemporaryDirectory(prefix=name, ignore_cleanup_errors=True)


def _load(client: Client, link: str, target: Path, until: float) -> None:
    left = max(until - time.monotonic(), 1.0)
    client.fetch(link, target, settings.DROVER_MAX_RESULT_BYTES, seconds=left)


def _fresh_link(download: Download, client: Client) -> str:
    """The link that the hub's row tells now. Raises UpstreamError where it tells none."""
    if client.revision is not Revision.CURRENT:
        raise BadLink(EXPIRED if download.url else NO_LINK)
    link = client.one(download.generation.upstream_id).result_url
    if not link:
        raise UpstreamError(NO_LINK)
    return link
