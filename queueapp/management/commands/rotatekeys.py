from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from queueapp import encryption
from queueapp.services.hubs import accounts


class Command(BaseCommand):
    help = (
        "Encrypt the hubs' keys anew under a new encryption key, and drop the old ones. Where "
        "DROVER_ENCRYPTION_KEYS gives the keys, put a new one first there, run this, then remove the old."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        given = bool(settings.DROVER_ENCRYPTION_KEYS)
        try:
            if not given:
                encryption.add_key()
            unreadable = accounts.reencrypt_keys()
        except (ValueError, encryption.InvalidEncryptionKeys) as error:
            raise CommandError(str(error)) from None
        if unreadable:
            raise CommandError(
                f"The key of {', '.join(unreadable)} cannot be read and was left as it is; the old "
                "encryption keys are kept. Enter it again in the admin, then rotate once more."
            )
        if given:
            self.stdout.write("All keys are encrypted under the first of DROVER_ENCRYPTION_KEYS.")
            return
        encryption.drop_old_keys()
        self.stdout.write("All keys are encrypted under a new encryption key; the old ones are gone.")
