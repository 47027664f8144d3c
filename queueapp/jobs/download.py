"""Storing a result that a hub has: fetched once, checked by its bytes, retried until it is there."""

import logging
import shutil
import tempfile
import time
from pathlib import Path

from django.conf import settings
from django.db import DatabaseError

from queueapp.backends import get_client
from queueapp.encryption import DecryptionFailed
from queueapp.files import media
from queueapp.jobs import heartbeat
from queueapp.models import Download
from queueapp.services import downloads, results
from queueapp.services.lifecycle import render_leases
from queueapp.upstream.client import Client
from queueapp.upstream.errors import InvalidLink, LinkExpired, UpstreamError
from queueapp.upstream.messages import Revision

log = logging.getLogger(__name__)

#: Seconds for the whole of one try; a worker's task may take twice as long.
TIME_LIMIT = 300.0
NO_LINK = "The hub has told no link to the result."
LINK_EXPIRED = "The link to the result has expired, and this hub tells no other."


def download_result(generation_id: str) -> None:
    """Fetch one result, unless somebody does already. Safe to call any number of times."""
    download = downloads.acquire(generation_id, render_leases.new_lease_token())
    if download is None:
        return
    try:
        with heartbeat.send_heartbeats(lambda: downloads.renew(download)):
            _download(download)
    except UpstreamError as error:
        permanent = isinstance(error, InvalidLink)
        downloads.record_failure(download, error.message, permanent=permanent, retry_after=error.retry_after)
    except media.InvalidMedia as error:
        downloads.record_failure(download, f"The result file cannot be used. {error}", permanent=True)
    except (DecryptionFailed, ValueError) as error:
        downloads.record_failure(download, str(error))
    except DatabaseError:
        raise  # The hold lapses, and it is tried again.
    except OSError as error:
        downloads.record_failure(download, f"It could not be written to the disk: {error.strerror or error}.")
    except Exception:
        log.exception("Storing the result of %s failed.", generation_id)
        downloads.record_failure(download, "It could not be stored; the log says more.")


def _download(download: Download) -> None:
    client = get_client(download.connection)
    until = time.monotonic() + TIME_LIMIT
    with _work_folder(download) as folder:
        target = Path(folder) / "result"
        if not download.url:
            downloads.set_url(download, _get_fresh_link(download, client))
        try:
            _download_file(client, download.url, target, until)
        except LinkExpired:
            link = _get_fresh_link(download, client)
            if link == download.url:
                raise
            downloads.set_url(download, link)
            _download_file(client, link, target, until)
        result = results.save_files(download.generation, target)
    downloads.finish(download, result)


def _work_folder(download: Download) -> tempfile.TemporaryDirectory[str]:
    """A folder for this try alone. What a worker that died left of an earlier one is removed."""
    name = f"drover-{download.pk.hex}-"
    for left in Path(tempfile.gettempdir()).glob(f"{name}*"):
        shutil.rmtree(left, ignore_errors=True)
    return tempfile.TemporaryDirectory(prefix=name, ignore_cleanup_errors=True)


def _download_file(client: Client, link: str, target: Path, until: float) -> None:
    left = max(until - time.monotonic(), 1.0)
    client.download(link, target, settings.DROVER_MAX_RESULT_BYTES, seconds=left)


def _get_fresh_link(download: Download, client: Client) -> str:
    """The link that the hub's row tells now. Raises UpstreamError where it tells none."""
    if client.revision is not Revision.CURRENT:
        raise InvalidLink(LINK_EXPIRED if download.url else NO_LINK)
    link = client.get_generation(download.generation.upstream_id).result_url
    if not link:
        raise UpstreamError(NO_LINK)
    return link
