import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from queueapp import checking
from queueapp.models import Connection
from queueapp.services import checkups


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
        checkups.await_check(connection)
        usable = checking.check(connection.pk)
        connection.refresh_from_db()
        self.stdout.write(connection.check_text)
        if connection.stopped:
            self.stdout.write(f"{connection.get_stopped_display()}.")
        if connection.sync_trouble:
            self.stdout.write(f"Its models could not be asked for: {connection.sync_trouble}")
        if not usable or connection.stopped:
            sys.exit(1)
