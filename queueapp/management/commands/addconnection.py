import getpass
import sys
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from queueapp.errors import BadConnection
from queueapp.models import Connection
from queueapp.services.hubs import accounts


class Command(BaseCommand):
    help = (
        "Add or change the connection to a hub's account. The key is read from a file, from standard input "
        "or from OXEN_API_KEY, never from the command line; without one, a connection keeps its key."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("name")
        parser.add_argument("--url", help=f"the hub's address (default: {settings.OXEN_HUB_URL})")
        parser.add_argument("--namespace", help="the hub's namespace that owns and pays (default: the key's)")
        parser.add_argument("--key-file", metavar="FILE", help="the file that holds the key; - reads it")

    def handle(self, *args: Any, **options: Any) -> None:
        name: str = options["name"]
        found = Connection.objects.filter(name=name).first()
        url = options["url"]
        try:
            accounts.save_account(
                name,
                base_url=url or (found.base_url if found else settings.OXEN_HUB_URL),
                key=_key(options["key_file"], is_new=found is None),
                namespace=options["namespace"],
            )
        except BadConnection as error:
            raise CommandError(error.detail) from None
        self.stdout.write(f"{'Changed' if found else 'Added'} {name}. Check it: manage.py probe {name}")


def _key(file: str | None, *, is_new: bool) -> str | None:
    if file == "-":
        return getpass.getpass("Key: ") if sys.stdin.isatty() else sys.stdin.readline()
    if file is None:
        return settings.OXEN_API_KEY if is_new else None
    try:
        return Path(file).read_text()
    except (OSError, UnicodeDecodeError) as error:
        # The error's own words could repeat what the file holds.
        raise CommandError(f"{file} cannot be read ({type(error).__name__}).") from None
