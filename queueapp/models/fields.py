"""Columns that Django does not bring."""

import json
from typing import Any

from django.db import models


class JsonTextField(models.TextField):  # type: ignore[type-arg]
    """JSON kept as the text it is.

    PostgreSQL's `jsonb` rewrites numbers (a large float comes back as another integer) and the order of
    names; what passes through to a model must come out as it went in.
    """

    # Read by the type checker's plugin: a value is what was parsed, not text.
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
