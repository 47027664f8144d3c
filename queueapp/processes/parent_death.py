"""End processes together with their parent, even a parent that was killed by SIGKILL.

The parent holds an exclusive lock on a file. The kernel releases it when the parent ends. Every descendant,
in any session or process group, waits for the lock in a thread. A descendant that gets the lock kills itself,
because its parent is gone.
"""

import fcntl
import os
import signal
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from django.conf import settings

#: The environment variable that holds the path of the parent's lock file.
LOCK_FILE_VARIABLE = "DROVER_PARENT_LOCK"
#: Seconds between checks for the direct parent.
PARENT_CHECK_INTERVAL = 0.3


@contextmanager
def parent_lock(role: str) -> Iterator[dict[str, str]]:
    """Hold a lock file for the child processes that are started in the block.

    Yield the environment variable by which `die_with_parent` finds the file. The lock ends with this process;
    the end of the block only deletes the file.
    """
    path = _create_locked_file(settings.DROVER_DATA / "run", role)
    try:
        yield {LOCK_FILE_VARIABLE: str(path)}
    finally:
        path.unlink(missing_ok=True)


def die_with_parent() -> None:
    """Kill this process, and every process forked from it later, when the holder of the parent lock ends.

    Do nothing if the environment names no lock file.
    """
    path = os.environ.get(LOCK_FILE_VARIABLE)
    if not path:
        return

    def start_thread() -> None:
        threading.Thread(target=_die_when_unlocked, args=(path,), daemon=True, name="parent death").start()

    start_thread()
    os.register_at_fork(after_in_child=start_thread)


def stop_with_parent() -> None:
    """Send this process SIGTERM when its direct parent ends.

    For a parent that holds no lock file, such as make.
    """
    parent = os.getppid()

    def wait_for_parent() -> None:
        while os.getppid() == parent:
            time.sleep(PARENT_CHECK_INTERVAL)
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=wait_for_parent, daemon=True, name="parent").start()


def _die_when_unlocked(path: str) -> None:
    with suppress(FileNotFoundError):
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        fcntl.flock(descriptor, fcntl.LOCK_SH)
    os.kill(os.getpid(), signal.SIGKILL)


def _create_locked_file(folder: Path, role: str) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    _delete_unlocked_files(folder)
    descriptor, temporary_path = tempfile.mkstemp(prefix=f"{role}-", suffix=".new", dir=folder)
    fcntl.flock(descriptor, fcntl.LOCK_EX)
    # Not named .lock before it is locked: another process deletes unlocked files of that name.
    path = temporary_path.removesuffix(".new") + ".lock"
    os.rename(temporary_path, path)
    # A forked child shares the lock, and would keep it after the death of this process.
    os.register_at_fork(after_in_child=lambda: os.close(descriptor))
    return Path(path)


def _delete_unlocked_files(folder: Path) -> None:
    """Delete the lock files whose holders have ended."""
    for path in folder.glob("*.lock"):
        with suppress(OSError), path.open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            path.unlink()
