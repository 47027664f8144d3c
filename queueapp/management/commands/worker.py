import signal
from typing import Any

from django.core.management.base import BaseCommand

from queueapp import lifeline
from queueapp.keeper import Keeper


class Command(BaseCommand):
    help = "Run the worker: the pump and the rendering workers, kept alive until SIGTERM or Ctrl-C."

    def handle(self, *args: Any, **options: Any) -> None:
        lifeline.follow()
        keeper = Keeper()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: keeper.stopping.set())
        keeper.run()
