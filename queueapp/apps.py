from typing import Any

from django.apps import AppConfig
from django.contrib.auth import get_user_model
from django.db.models.signals import post_migrate, post_save


class QueueConfig(AppConfig):
    name = "queueapp"
    verbose_name = "Queue"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from queueapp import checks, schedules  # noqa: F401  (registers checks)

        post_migrate.connect(_fill_catalog, sender=self)
        post_save.connect(_give_namespace, sender=get_user_model())
        schedules.connect()


def _fill_catalog(**_: Any) -> None:
    from queueapp.services import catalog, workers

    catalog.sync_engine_models()
    workers.pump_row()


def _give_namespace(instance: Any, raw: bool = False, **_: Any) -> None:
    from queueapp.services import accounts

    if not raw:
        accounts.namespace_of(instance)
