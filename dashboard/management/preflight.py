"""Check what `up` needs before it changes anything: the data folder, the port, and the database's version."""

import fcntl
import os
import socket
import time
from collections.abc import Callable
from pathlib import Path
from typing import TextIO

from django.core.management.base import CommandError

#: Seconds to retry, because a killed instance may release the folder or the port a moment later.
RETRY_SECONDS = 3.0


def lock_data_folder(folder: Path) -> TextIO:
    """Lock the data folder for this process. Return the lock file; the lock ends when it is closed.

    Raise CommandError if another instance holds the lock.
    """
    file = (folder / "drover.lock").open("a")
    if not _succeeds(lambda: fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)):
        file.close()
        raise CommandError(
            f"Another Drover is running on {folder}. Stop it first, or set DROVER_DATA to another folder."
        )
    os.register_at_fork(after_in_child=file.close)
    return file


def check_port(host: str, port: int) -> None:
    """Raise CommandError if the port is in use. The web server would silently share it."""
    try:
        family, *_, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    except OSError as error:
        raise CommandError(f"DROVER_HOST={host} is not an address of this machine: {error}") from None

    def bind() -> None:
        with socket.socket(family, socket.SOCK_STREAM) as listener:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind(address)

    if not _succeeds(bind):
        raise CommandError(f"Port {port} on {host} is already in use. Set PORT to another port.")


def _succeeds(attempt: Callable[[], object]) -> bool:
    """Retry `attempt` while it raises OSError, for RETRY_SECONDS. Return whether it succeeded."""
    deadline = time.monotonic() + RETRY_SECONDS
    while True:
        try:
            attempt()
        except OSError:
            if time.monotonic() > deadline:
                return False
            time.sleep(0.1)
        else:
            return True
