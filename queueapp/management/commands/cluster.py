from typing import Any

from django_q.management.commands import qcluster

from queueapp.processes import parent_death


class Command(qcluster.Command):  # type: ignore[misc]
    help = "Run one django-q2 cluster that ends with its supervisor. The worker command starts it."

    def handle(self, *args: Any, **options: Any) -> None:
        parent_death.die_with_parent()
        super().handle(*args, **options)
