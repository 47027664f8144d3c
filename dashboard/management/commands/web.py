import os
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand
from granian import Granian
from granian.constants import Interfaces
from granian.log import LogLevels

from queueapp.processes import parent_death


class Command(BaseCommand):
    help = "Serve the pages and the API on DROVER_HOST and PORT until SIGTERM or Ctrl-C."

    def handle(self, *args: Any, **options: Any) -> None:
        parent_death.die_with_lock_holder()
        line = parent_death.hold_lock_file(settings.DROVER_DATA / "run", "web")
        os.environ[parent_death.LOCK_FILE_VARIABLE] = str(line)  # followed by the server's own workers
        Granian(
            "dashboard.wsgi:application",
            address=settings.DROVER_HOST,
            port=settings.PORT,
            interface=Interfaces.WSGI,
            workers=2,
            # Bodies are read in these threads, and nothing bounds how slowly one may arrive: with one
            # thread each, two half-sent requests would hold up everybody. More than four cost the
            # polls more than they gain.
            blocking_threads=4,
            backlog=1024,
            log_level=LogLevels.warning,
            respawn_failed_workers=True,
            workers_kill_timeout=2,
            websockets=False,
        ).serve()
        line.unlink(missing_ok=True)
