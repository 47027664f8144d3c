"""Connect the signals and register the system checks."""

from typing import Any

from django.apps import AppConfig
from django.contrib.auth import get_user_model
from django.db.models.signals import post_migrate, post_save


class QueueConfig(AppConfig):
    name = "queueapp"
    verbose_name = "Queue"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from queueapp import checks  # noqa: F401  (registers the system checks)
        from queueapp.processes import schedules

        post_migrate.connect(_create_builtin_rows, sender=self)
        post_save.connect(_create_namespace, sender=get_user_model())
        schedules.connect_signals()


def _create_builtin_rows(**_: Any) -> None:
    """Create the rows that every database has: the built-in engine's models, and the poller's lease."""
    from queueapp.services import catalog, coordination

    catalog.sync_builtin_models()
    coordination.poller_lease()


def _create_namespace(instance: Any, raw: bool = False, **_: Any) -> None:
    """Create the namespace of a new user. Fixtures (`raw`) bring their own."""
    from queueapp.services import accounts

    if not raw:
        accounts.get_or_create_namespace(instance)
