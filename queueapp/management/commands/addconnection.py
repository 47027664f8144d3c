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
        "Add or change the connection to a hub account. The key is read from a file, from standard input or "
        "from OXEN_API_KEY, never from the command line. Without a key, an existing connection keeps its own."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("name")
        parser.add_argument("--url", help=f"address of the hub (default: {settings.OXEN_HUB_URL})")
        parser.add_argument(
            "--namespace", help="namespace at the hub that owns and pays (default: the key's)"
        )
        parser.add_argument(
            "--key-file", metavar="FILE", help="file that contains the key; - for standard input"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        name: str = options["name"]
        existing = Connection.objects.filter(name=name).first()
        default_url = existing.base_url if existing else settings.OXEN_HUB_URL
        try:
            accounts.save_account(
                name,
                base_url=options["url"] or default_url,
                key=_read_key(options["key_file"], is_new=existing is None),
                namespace=options["namespace"],
            )
        except BadConnection as error:
            raise CommandError(error.detail) from None
        verb = "Changed" if existing else "Added"
        self.stdout.write(f"{verb} {name}. To check it, run: manage.py probe {name}")


def _read_key(file: str | None, *, is_new: bool) -> str | None:
    """Return the key, or None to leave the key of an existing connection as it is."""
    if file == "-":
        return getpass.getpass("Key: ") if sys.stdin.isatty() else sys.stdin.readline()
    if file is None:
        return settings.OXEN_API_KEY if is_new else None
    try:
        return Path(file).read_text()
    except (OSError, UnicodeDecodeError) as error:
        # The text of the error could contain a part of the file.
        raise CommandError(f"{file} cannot be read ({type(error).__name__}).") from None
