"""Field types for exact JSON and for encrypted text."""

import json
from dataclasses import dataclass
from typing import Any, Self

from django.db import models

from queueapp import encryption


class JsonTextField(models.TextField):  # type: ignore[type-arg]
    """JSON stored as text, so that it can be sent on exactly as it was received.

    PostgreSQL's `jsonb` changes numbers (a large float comes back as another integer) and the order of keys.
    """

    # For the mypy plugin: values are parsed JSON, not text.
    _pyi_private_set_type: Any
    _pyi_private_get_type: Any

    def from_db_value(self, value: str | None, *_: Any) -> Any:
        return None if value is None else json.loads(value)

    def to_python(self, value: Any) -> Any:
        return json.loads(value) if isinstance(value, str) else value

    def get_prep_value(self, value: Any) -> Any:
        return None if value is None else json.dumps(value, ensure_ascii=False, allow_nan=False)

    def value_to_string(self, obj: models.Model) -> str:
        return str(self.get_prep_value(self.value_from_object(obj)))


@dataclass(frozen=True, slots=True, repr=False)
class Encrypted:
    """An encrypted secret. Only `decrypt` reveals it; printing it does not."""

    token: str = ""

    @classmethod
    def from_text(cls, secret: str) -> Self:
        """Return the secret encrypted. Raises encryption.InvalidEncryptionKeys."""
        return cls(encryption.encrypt(secret) if secret else "")

    def decrypt(self) -> str:
        """Return the secret, or "" if there is none. Raises encryption.DecryptionFailed."""
        return encryption.decrypt(self.token) if self.token else ""

    def __bool__(self) -> bool:
        return bool(self.token)

    def __repr__(self) -> str:
        return "<Encrypted>" if self.token else "<Encrypted: empty>"

    __str__ = __repr__


class EncryptedTextField(models.TextField):  # type: ignore[type-arg]
    """Text encrypted at rest. Values are `Encrypted`; assigning plain text raises TypeError on save."""

    _pyi_private_set_type: Any
    _pyi_private_get_type: Any

    def from_db_value(self, value: str | None, *_: Any) -> Encrypted:
        return Encrypted(value or "")

    def to_python(self, value: Any) -> Encrypted:
        return value if isinstance(value, Encrypted) else Encrypted(value or "")

    def get_prep_value(self, value: Any) -> str:
        if isinstance(value, Encrypted):
            return value.token
        if not value:
            return ""
        raise TypeError("Store a secret as Encrypted.from_text(text), not as plain text.")

    def value_to_string(self, obj: models.Model) -> str:
        return self.get_prep_value(self.value_from_object(obj))
