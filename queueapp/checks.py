"""System checks: what would make Drover lose or double work is found at start, not at night."""

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, register


@register()
def clusters_are_safe(**_: Any) -> list[CheckMessage]:
    """A task must time out before it is delivered again, or two workers run it at once."""
    base: dict[str, Any] = settings.Q_CLUSTER
    found: list[CheckMessage] = []
    clusters: dict[str, dict[str, Any]] = {base["name"]: {}, **base.get("ALT_CLUSTERS", {})}
    for name, cluster in clusters.items():
        both = {**base, **cluster}
        if both["timeout"] >= both["retry"]:
            found.append(
                Error(
                    f"The {name} cluster's timeout is not shorter than its retry.",
                    hint="Raise 'retry' in Q_CLUSTER above 'timeout'.",
                    id="drover.E001",
                )
            )
    return found


@register()
def sqlite_begins_immediately(**_: Any) -> list[CheckMessage]:
    """Without IMMEDIATE transactions SQLite answers "database is locked" under several writers."""
    database = settings.DATABASES["default"]
    options = database.get("OPTIONS", {})
    if database["ENGINE"].endswith("sqlite3") and options.get("transaction_mode") != "IMMEDIATE":
        return [Error("SQLite's transactions are not IMMEDIATE.", id="drover.E002")]
    return []
