"""Bringing up everything at once: what `make run` runs."""

import fcntl
import io
import os
import secrets
import socket
import sys
import threading
import time
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.auth.models import User
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db.models import Q
from honcho.environ import parse_procfile
from honcho.manager import Manager

from dashboard import collecting
from queueapp.errors import DroverError
from queueapp.processes import parent_death
from queueapp.services.hubs import accounts

#: Seconds to wait for what a killed run still holds.
PATIENCE = 3.0
#: Seconds in which everything ends once it has been asked to.
STOP = 4.5


class Command(BaseCommand):
    help = "Set up the database and the first user, then run web and worker together until stopped."
    requires_system_checks = ()

    def handle(self, *args: Any, **options: Any) -> None:
        if os.environ.pop("DROVER_STOP_WITH_PARENT", ""):
            parent_death.stop_with_parent()
        lock = _lock(settings.DROVER_DATA / "drover.lock")
        _check_port(settings.DROVER_HOST, settings.PORT)
        call_command("check", fail_level="ERROR", stdout=io.StringIO())
        call_command("migrate", interactive=False, verbosity=0)
        collecting.collect()
        self._connect()
        self._welcome(_make_admin())
        line = parent_death.hold_lock_file(settings.DROVER_DATA / "run", "up")
        code = _run(line)
        line.unlink(missing_ok=True)
        lock.close()
        sys.exit(code)

    def _connect(self) -> None:
        """Set up the hub that the environment names. Nothing is asked of it here: a worker does that."""
        try:
            connection = accounts.save_from_environment()
        except (DroverError, ValueError) as error:
            self.stderr.write(f"  The hub of OXEN_API_KEY is not connected: {error}")
        else:
            if connection:
                self.stdout.write(f"  Hub           {connection.base_url}   (connection {connection})")

    def _welcome(self, password: str | None) -> None:
        self.stdout.write(f"\n  Drover is at  http://{_shown_host()}:{settings.PORT}/\n")
        if password is not None:
            self.stdout.write("  Sign in as    admin")
            self.stdout.write(f"  Password      {password}   (shown only this once)\n")
        self.stdout.write("  Ctrl-C stops it.\n\n")
        self.stdout.flush()


def _lock(path: Path) -> Any:
    """Hold the data folder for this run. CommandError if another run holds it."""
    file = path.open("a")
    if not _within_patience(lambda: fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)):
        raise CommandError(
            f"Another Drover is running on {path.parent}. "
            "Stop it first, or set DROVER_DATA to another folder."
        )
    os.register_at_fork(after_in_child=file.close)
    return file


def _check_port(host: str, port: int) -> None:
    """CommandError if something listens there; the web server itself would share the port silently."""
    try:
        family, *_, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    except OSError as error:
        raise CommandError(f"DROVER_HOST={host} is no address of this machine: {error}") from None

    def bind() -> None:
        with socket.socket(family, socket.SOCK_STREAM) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)

    if not _within_patience(bind):
        raise CommandError(f"Port {port} on {host} is taken. Set PORT to another one.")


def _within_patience(attempt: Any) -> bool:
    """Whether an attempt succeeds soon: what a killed run held is free within moments."""
    until = time.monotonic() + PATIENCE
    while True:
        try:
            attempt()
        except OSError:
            if time.monotonic() > until:
                return False
            time.sleep(0.1)
        else:
            return True


def _make_admin() -> str | None:
    """Make the first user if there is no superuser yet; the password if it had to be made up."""
    if User.objects.filter(Q(is_superuser=True) | Q(username="admin")).exists():
        return None
    given = os.environ.get("DROVER_ADMIN_PASSWORD")
    password = given or secrets.token_urlsafe(9)
    User.objects.create_superuser("admin", password=password)
    return None if given else password


def _shown_host() -> str:
    host = settings.DROVER_HOST
    if host in ("0.0.0.0", "::"):  # noqa: S104
        return socket.gethostname()
    return f"[{host}]" if ":" in host else host


class _Processes(Manager):  # type: ignore[misc]
    """honcho's manager, but never waiting for ever for a process that cannot tell that it has ended."""

    def terminate(self) -> None:
        # Ending this process drops the lifeline, and with it whatever is still there.
        deadline = threading.Timer(STOP, os._exit, [1])
        deadline.daemon = True
        deadline.start()
        super().terminate()


def _run(line: Path) -> int:
    """Run the Procfile's processes until one ends or this one is asked to stop; the exit code."""
    environment = {
        **os.environ,
        parent_death.LOCK_FILE_VARIABLE: str(line),
        "PYTHON": sys.executable,
        "PYTHONUNBUFFERED": "1",
    }
    manager = _Processes()
    procfile = parse_procfile((settings.BASE_DIR / "Procfile").read_text())
    for name, command in procfile.processes.items():
        manager.add_process(name, command, env=environment, cwd=str(settings.BASE_DIR))
    manager.loop()
    # Being asked to stop is how a run ends well.
    return 0 if manager.returncode in (0, 130, 143) else 1
