import signal
from typing import Any

from django.core.management.base import BaseCommand

from queueapp.processes import parent_death
from queueapp.processes.supervisor import Supervisor


class Command(BaseCommand):
    help = "Run the worker: the pump and the rendering workers, kept alive until SIGTERM or Ctrl-C."

    def handle(self, *args: Any, **options: Any) -> None:
        parent_death.die_with_lock_holder()
        keeper = Supervisor()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: keeper.stopping.set())
        keeper.run()
