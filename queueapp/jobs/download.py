"""Download one result from its hub, check the file and store it. Failed attempts are repeated later."""

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

#: Seconds for one attempt, redirects and a second link included. The task itself may take twice as long.
TIME_LIMIT = 300.0
NO_LINK = "The hub sent no link to the result."
LINK_EXPIRED = "The link to the result has expired, and this hub provides no new one."


def download_result(generation_id: str) -> None:
    """Download and store one result, unless another worker does. Safe to call any number of times.

    A failed attempt is recorded and repeated later. Raise DatabaseError without a record: the lease expires,
    and the next attempt follows.
    """
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
        raise
    except OSError as error:
        reason = error.strerror or error
        downloads.record_failure(download, f"The result could not be written to disk: {reason}.")
    except Exception:
        log.exception("Generation %s: the result could not be stored.", generation_id)
        downloads.record_failure(download, "The result could not be stored. The log has the details.")


def _download(download: Download) -> None:
    client = get_client(download.connection)
    deadline = time.monotonic() + TIME_LIMIT
    with _temporary_folder(download) as folder:
        target = Path(folder) / "result"
        if not download.url:
            downloads.set_url(download, _get_new_link(download, client))
        try:
            _download_file(client, download.url, target, deadline)
        except LinkExpired:
            link = _get_new_link(download, client)
            if link == download.url:
                raise
            downloads.set_url(download, link)
            _download_file(client, link, target, deadline)
        result = results.save_files(download.generation, target)
    downloads.finish(download, result)


def _temporary_folder(download: Download) -> tempfile.TemporaryDirectory[str]:
    """Create a folder for this attempt, and delete those of earlier attempts whose workers died."""
    prefix = f"drover-{download.pk.hex}-"
    for folder in Path(tempfile.gettempdir()).glob(f"{prefix}*"):
        shutil.rmtree(folder, ignore_errors=True)
    return tempfile.TemporaryDirectory(prefix=prefix, ignore_cleanup_errors=True)


def _download_file(client: Client, link: str, target: Path, deadline: float) -> None:
    seconds = max(deadline - time.monotonic(), 1.0)
    client.download(link, target, settings.DROVER_MAX_RESULT_BYTES, seconds=seconds)


def _get_new_link(download: Download, client: Client) -> str:
    """Return a new link from the hub's row of the generation. Raise UpstreamError if there is none."""
    if client.revision is not Revision.CURRENT:
        raise InvalidLink(LINK_EXPIRED if download.url else NO_LINK)
    link = client.get_generation(download.generation.upstream_id).result_url
    if not link:
        raise UpstreamError(NO_LINK)
    return link
