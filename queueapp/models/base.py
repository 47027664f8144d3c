"""Write single columns of a row without overwriting the others."""

from typing import Any

from django.db import models


def update_row(row: models.Model, **values: Any) -> None:
    """Write these columns of a row, and only these, then reload them into `row`.

    `Model.save()` would also write the other columns, as they were when `row` was loaded. Values can be
    expressions such as `F("attempts") + 1`. Nothing happens if the row was deleted.
    """
    if type(row)._default_manager.filter(pk=row.pk).update(**values):
        row.refresh_from_db(fields=list(values))
