import os
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand
from granian import Granian
from granian.constants import Interfaces
from granian.log import LogLevels

from queueapp.processes import parent_death


class Command(BaseCommand):
    help = "Serve the pages and the API on DROVER_HOST and PORT, until SIGTERM or Ctrl-C."

    def handle(self, *args: Any, **options: Any) -> None:
        parent_death.die_with_parent()
        with parent_death.parent_lock("web") as lock_variable:
            os.environ.update(lock_variable)  # granian's workers inherit the environment.
            Granian(
                "dashboard.wsgi:application",
                address=settings.DROVER_HOST,
                port=settings.PORT,
                interface=Interfaces.WSGI,
                workers=2,
                # These threads read request bodies, without a time limit. With one thread a worker, two
                # clients that send slowly would block everybody. More than four slow down the pages' polls.
                blocking_threads=4,
                backlog=1024,
                log_level=LogLevels.warning,
                respawn_failed_workers=True,
                workers_kill_timeout=2,
                websockets=False,
            ).serve()
