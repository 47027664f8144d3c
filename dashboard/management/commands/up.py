"""Set up and run everything. `make run` calls this command."""

import io
import os
import secrets
import socket
import sys
import threading
from collections.abc import Mapping
from typing import Any

from django.conf import settings
from django.contrib.auth.models import User
from django.core.management import call_command
from django.core.management.base import BaseCommand
from django.db.models import Q
from honcho.environ import parse_procfile
from honcho.manager import Manager

from dashboard.management.preflight import check_port, lock_data_folder
from dashboard.management.schema_version import check_schema_version
from dashboard.management.static_files import collect_static_files
from queueapp.errors import DroverError
from queueapp.processes import parent_death
from queueapp.services.hubs import accounts

#: Seconds from the request to stop until this process exits at the latest.
STOP_TIMEOUT = 4.5


class Command(BaseCommand):
    help = "Set up the database and the first user, then run web and worker until SIGTERM or Ctrl-C."
    # `_set_up` runs the system checks.
    requires_system_checks = ()

    def handle(self, *args: Any, **options: Any) -> None:
        if os.environ.pop("DROVER_STOP_WITH_PARENT", ""):
            parent_death.stop_with_parent()
        with lock_data_folder(settings.DROVER_DATA):
            check_schema_version()
            check_port(settings.DROVER_HOST, settings.PORT)
            self._set_up()
            with parent_death.parent_lock("up") as lock_variable:
                exit_code = _run_processes(lock_variable)
        sys.exit(exit_code)

    def _set_up(self) -> None:
        call_command("check", fail_level="ERROR", stdout=io.StringIO())
        call_command("migrate", interactive=False, verbosity=0)
        collect_static_files()
        self._save_hub_account()
        self._print_welcome(_create_first_user())

    def _save_hub_account(self) -> None:
        """Save the hub account of OXEN_API_KEY. A worker checks it later."""
        try:
            connection = accounts.save_from_environment()
        except (DroverError, ValueError) as error:
            self.stderr.write(f"  The hub account of OXEN_API_KEY was not saved: {error}")
        else:
            if connection:
                self.stdout.write(f"  Hub           {connection.base_url}   (connection {connection})")

    def _print_welcome(self, password: str | None) -> None:
        self.stdout.write(f"\n  Drover is at  http://{_browser_host()}:{settings.PORT}/\n")
        if password is not None:
            self.stdout.write("  Sign in as    admin")
            self.stdout.write(f"  Password      {password}   (shown only once)\n")
        self.stdout.write("  Press Ctrl-C to stop.\n\n")
        self.stdout.flush()


def _create_first_user() -> str | None:
    """Create the superuser `admin` if there is no superuser. Return the password if it was generated."""
    if User.objects.filter(Q(is_superuser=True) | Q(username="admin")).exists():
        return None
    given_password = os.environ.get("DROVER_ADMIN_PASSWORD")
    password = given_password or secrets.token_urlsafe(9)
    User.objects.create_superuser("admin", password=password)
    return None if given_password else password


def _browser_host() -> str:
    """Return the host to enter in a browser."""
    host = settings.DROVER_HOST
    if host in ("0.0.0.0", "::"):  # noqa: S104
        return socket.gethostname()
    return f"[{host}]" if ":" in host else host


class _ProcessManager(Manager):  # type: ignore[misc]
    """honcho's manager with a time limit.

    honcho itself waits forever for a child that was killed before it could report its exit.
    """

    def terminate(self) -> None:
        # The exit releases the parent lock, which kills all processes that are left.
        timer = threading.Timer(STOP_TIMEOUT, os._exit, [1])
        timer.daemon = True
        timer.start()
        super().terminate()


def _run_processes(lock_variable: Mapping[str, str]) -> int:
    """Run the processes of the Procfile until one of them exits or this process must stop.

    Return the exit code: 0 after a request to stop, else 1.
    """
    environment = {**os.environ, **lock_variable, "PYTHON": sys.executable, "PYTHONUNBUFFERED": "1"}
    manager = _ProcessManager()
    procfile = parse_procfile((settings.BASE_DIR / "Procfile").read_text())
    for name, command in procfile.processes.items():
        manager.add_process(name, command, env=environment, cwd=str(settings.BASE_DIR))
    manager.loop()
    return 0 if manager.returncode in (0, 130, 143) else 1
