import signal
from typing import Any

from django.core.management.base import BaseCommand

from queueapp.processes import parent_death
from queueapp.processes.supervisor import Supervisor


class Command(BaseCommand):
    help = "Run the poller and the job workers, and restart them when they die, until SIGTERM or Ctrl-C."

    def handle(self, *args: Any, **options: Any) -> None:
        parent_death.die_with_parent()
        supervisor = Supervisor()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: supervisor.stopping.set())
        supervisor.run()
