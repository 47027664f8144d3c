"""System checks of the settings that could make Drover lose or repeat work."""

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, register


@register()
def check_task_timeouts(**_: Any) -> list[CheckMessage]:
    """Return an error for each cluster that delivers a task again before the task has timed out.

    Two workers would then run the task at the same time.
    """
    defaults: dict[str, Any] = settings.Q_CLUSTER
    clusters: dict[str, dict[str, Any]] = {defaults["name"]: {}, **defaults.get("ALT_CLUSTERS", {})}
    errors: list[CheckMessage] = []
    for name, options in clusters.items():
        cluster = {**defaults, **options}
        if cluster["timeout"] >= cluster["retry"]:
            errors.append(
                Error(
                    f"The 'timeout' of the {name} cluster is not shorter than its 'retry'.",
                    hint="Raise 'retry' in Q_CLUSTER above 'timeout'.",
                    id="drover.E001",
                )
            )
    return errors


@register()
def check_sqlite_transactions(**_: Any) -> list[CheckMessage]:
    """Return an error if SQLite transactions are not IMMEDIATE.

    Other modes fail with "database is locked" when several processes write.
    """
    database = settings.DATABASES["default"]
    mode = database.get("OPTIONS", {}).get("transaction_mode")
    if database["ENGINE"].endswith("sqlite3") and mode != "IMMEDIATE":
        return [
            Error(
                "SQLite transactions are not IMMEDIATE.",
                hint="Set 'transaction_mode' to 'IMMEDIATE' in DATABASES['default']['OPTIONS'].",
                id="drover.E002",
            )
        ]
    return []
