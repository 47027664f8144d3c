from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from queueapp import encryption
from queueapp.services.hubs import accounts


class Command(BaseCommand):
    help = (
        "Encrypt all hub keys with a new encryption key, and delete the old one. With "
        "DROVER_ENCRYPTION_KEYS, put a new key first, run this command, then remove the old key."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        keys_in_environment = bool(settings.DROVER_ENCRYPTION_KEYS)
        try:
            if not keys_in_environment:
                encryption.add_key()
            unreadable = accounts.reencrypt_keys()
        except (ValueError, encryption.InvalidEncryptionKeys) as error:
            raise CommandError(str(error)) from None
        if unreadable:
            raise CommandError(
                f"The hub keys of these connections cannot be decrypted: {', '.join(unreadable)}. "
                "They were not changed, and no encryption key was deleted. Enter these hub keys again "
                "in the admin, then run this command again."
            )
        if keys_in_environment:
            self.stdout.write("All hub keys are encrypted with the first key in DROVER_ENCRYPTION_KEYS.")
            return
        encryption.drop_old_keys()
        self.stdout.write("All hub keys are encrypted with a new encryption key. The old one was deleted.")
