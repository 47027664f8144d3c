import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from queueapp.jobs import check_hub
from queueapp.models import Connection
from queueapp.services.hubs import checks


class Command(BaseCommand):
    help = "Ask a hub now who it is, and say in plain words what it answers. Exit code 1: it cannot be used."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("connection", help="the connection's name")

    def handle(self, *args: Any, **options: Any) -> None:
        name: str = options["connection"]
        connection = Connection.objects.filter(name=name).first()
        if connection is None:
            raise CommandError(f"There is no connection {name!r}.")
        if connection.kind == Connection.Kind.BUILTIN:
            self.stdout.write("The built-in engine is part of Drover: there is nothing to ask.")
            return
        checks.mark_check_requested(connection)
        usable = check_hub.check_hub(connection.pk)
        connection.refresh_from_db()
        self.stdout.write(connection.check_report)
        if connection.stop_reason:
            self.stdout.write(f"{connection.get_stop_reason_display()}.")
        if connection.sync_error:
            self.stdout.write(f"Its models could not be asked for: {connection.sync_error}")
        if not usable or connection.stop_reason:
            sys.exit(1)
