"""Dying with one's parent, even one that was SIGKILLed and could not say so.

A parent holds a lock on a file of its own; the system drops it when the parent ends, however it ends.
Every process below, at any depth and in any session or process group, waits for that lock in a thread:
the moment it gets it, the parent is gone, and it kills itself.
"""

import contextlib
import fcntl
import os
import signal
import tempfile
import threading
import time
from pathlib import Path

#: Names the file that the processes below are to follow.
LOCK_FILE_VARIABLE = "DROVER_PARENT_LOCK"


def hold_lock_file(folder: Path, role: str) -> Path:
    """Hold a new lifeline until this process ends; the file for the children's environment."""
    folder.mkdir(parents=True, exist_ok=True)
    _delete_stale_files(folder)
    descriptor, unlocked = tempfile.mkstemp(prefix=f"{role}-", suffix=".new", dir=folder)
    fcntl.flock(descriptor, fcntl.LOCK_EX)
    # Named so only now: another process sweeps away what carries that name and is not locked.
    name = unlocked.removesuffix(".new") + ".alive"
    os.rename(unlocked, name)
    # A forked child shares the lock; it must not keep it when this process is gone.
    os.register_at_fork(after_in_child=lambda: os.close(descriptor))
    return Path(name)


def die_with_lock_holder() -> None:
    """Die when the holder of the lifeline named in the environment dies; so does every fork made later."""
    name = os.environ.get(LOCK_FILE_VARIABLE)
    if not name:
        return

    def watch() -> None:
        threading.Thread(target=_die_when_unlocked, args=(name,), daemon=True, name="lifeline").start()

    watch()
    os.register_at_fork(after_in_child=watch)


def stop_with_parent() -> None:
    """Ask this process to stop when its direct parent has ended; for a parent that holds no lifeline."""
    parent = os.getppid()

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(0.3)
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=watch, daemon=True, name="parent").start()


def _die_when_unlocked(name: str) -> None:
    with contextlib.suppress(FileNotFoundError):
        descriptor = os.open(name, os.O_RDONLY | os.O_CLOEXEC)
        fcntl.flock(descriptor, fcntl.LOCK_SH)
    os.kill(os.getpid(), signal.SIGKILL)


def _delete_stale_files(folder: Path) -> None:
    """Remove the files of holders that are gone."""
    for path in folder.glob("*.alive"):
        with contextlib.suppress(OSError), path.open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            path.unlink()
