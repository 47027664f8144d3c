import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from queueapp.jobs import check_hub
from queueapp.models import Connection
from queueapp.services.hubs import checks


class Command(BaseCommand):
    help = "Check a hub now and print the report. The exit code is 1 if the hub cannot be used."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("connection", help="name of the connection")

    def handle(self, *args: Any, **options: Any) -> None:
        name: str = options["connection"]
        connection = Connection.objects.filter(name=name).first()
        if connection is None:
            raise CommandError(f"There is no connection {name!r}.")
        if connection.kind == Connection.Kind.BUILTIN:
            self.stdout.write("The built-in engine is a part of Drover and needs no check.")
            return
        checks.mark_check_requested(connection)
        is_usable = check_hub.check_hub(connection.pk)
        connection.refresh_from_db()
        self._print_report(connection)
        if not is_usable or connection.stop_reason:
            sys.exit(1)

    def _print_report(self, connection: Connection) -> None:
        self.stdout.write(connection.check_report)
        if connection.stop_reason:
            self.stdout.write(f"{connection.get_stop_reason_display()}.")
        if connection.sync_error:
            self.stdout.write(f"The models could not be fetched: {connection.sync_error}")
