"""Collect the static files, but only after a change: hashing and compressing them takes seconds."""

import hashlib
from pathlib import Path

from django.conf import settings
from django.contrib.staticfiles.finders import get_finders
from django.core.management import call_command

#: The file in STATIC_ROOT that holds the fingerprint of the files collected last.
FINGERPRINT_FILE = ".collected"


def collect_static_files() -> None:
    """Run `collectstatic` unless the files in STATIC_ROOT are up to date."""
    file = Path(settings.STATIC_ROOT) / FINGERPRINT_FILE
    fingerprint = _fingerprint()
    if file.is_file() and file.read_text() == fingerprint:
        return
    call_command("collectstatic", interactive=False, verbosity=0)
    file.write_text(fingerprint)


def _fingerprint() -> str:
    """Return a hash of the names, sizes and modification times of all source files."""
    digest = hashlib.sha256()
    for finder in get_finders():
        for name, storage in finder.list([]):
            status = Path(storage.path(name)).stat()
            digest.update(f"{name} {status.st_size} {status.st_mtime_ns}\n".encode())
    return digest.hexdigest()
