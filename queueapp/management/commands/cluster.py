from typing import Any

from django_q.management.commands import qcluster

from queueapp import lifeline


class Command(qcluster.Command):  # type: ignore[misc]
    help = "Run one django-q2 cluster that ends with its keeper. Started by `worker`, not by hand."

    def handle(self, *args: Any, **options: Any) -> None:
        lifeline.follow()
        super().handle(*args, **options)
