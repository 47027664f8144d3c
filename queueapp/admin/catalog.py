"""Backends and the models they offer."""

from typing import Any

from django.contrib import admin
from django.db import transaction
from django.db.models import Count, Model, OuterRef, QuerySet, Subquery
from django.http import HttpRequest
from django.utils.safestring import SafeString

from queueapp.admin.base import (
    NOTHING,
    ModelAdmin,
    NoAdd,
    NoDelete,
    SavesWhatChanged,
    counted,
    link_to,
    pretty,
)
from queueapp.admin.filters import InUse
from queueapp.models import Connection, Generation, MediaModel
from queueapp.services import workers


def _count(generations: QuerySet[Generation]) -> Subquery:
    mine = generations.filter(connection=OuterRef("pk")).order_by()
    return Subquery(mine.values("connection").annotate(number=Count("pk")).values("number"))


@admin.register(Connection)
class ConnectionAdmin(NoAdd, SavesWhatChanged, ModelAdmin[Connection]):
    """Backends. What a change makes possible happens at once: the pump is told."""

    list_display = ("name", "kind", "enabled", "capacity", "priority", "queued", "at_work", "offers")
    list_editable = ("enabled", "capacity", "priority")
    list_filter = ("kind", "enabled")
    search_fields = ("name",)
    fields = ("name", "kind", "enabled", "capacity", "priority", "queued", "at_work", "offers", "created_at")
    readonly_fields = ("name", "kind", "queued", "at_work", "offers", "created_at")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Connection]:
        return (
            super()
            .get_queryset(request)
            .annotate(
                waiting_now=_count(Generation.objects.waiting()),
                at_work_now=_count(Generation.objects.at_work()),
                models_now=Count("catalog"),
            )
        )

    def has_delete_permission(self, request: HttpRequest, obj: Connection | None = None) -> bool:
        """Only what has neither models nor history; the built-in one would come back by itself."""
        if obj is None or obj.kind == Connection.Kind.BUILTIN or obj.catalog.exists():
            return False
        return super().has_delete_permission(request, obj) and not obj.generations.exists()

    def save_model(self, request: HttpRequest, obj: Model, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        transaction.on_commit(workers.ring)

    @admin.display(description="queued", ordering="waiting_now")
    def queued(self, connection: Any) -> int:
        return connection.waiting_now or 0

    @admin.display(description="at work", ordering="at_work_now")
    def at_work(self, connection: Any) -> int:
        return connection.at_work_now or 0

    @admin.display(description="models", ordering="models_now")
    def offers(self, connection: Any) -> int:
        return int(connection.models_now)


@admin.register(MediaModel)
class MediaModelAdmin(NoAdd, NoDelete, SavesWhatChanged, ModelAdmin[MediaModel]):
    """Models as their connection describes them; only whether they can be chosen is decided here."""

    list_display = ("name", "display_name", "connection_", "makes", "enabled", "usual", "slow")
    list_filter = ("enabled", "media_type", ("connection", InUse))
    list_select_related = ("connection",)
    search_fields = ("name", "display_name", "description", "owned_by")
    ordering = ("name", "connection")
    actions = ("enable", "disable")
    fields = (
        ("name", "display_name"),
        "connection_",
        "enabled",
        "description",
        "makes",
        "owned_by",
        "endpoint",
        ("usual", "slow"),
        "capabilities_",
        "pricing_",
        "request_schema_",
        "created_at",
    )

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        names: list[str] = []
        for field in self.fields or ():
            names += [field] if isinstance(field, str) else field
        return [name for name in names if name != "enabled"]

    @admin.display(description="connection", ordering="connection__name")
    def connection_(self, model: MediaModel) -> SafeString | str:
        return link_to(model.connection)

    @admin.display(description="makes", ordering="media_type")
    def makes(self, model: MediaModel) -> str:
        return str(model.get_media_type_display())

    @admin.display(description="usually takes", ordering="typical_seconds")
    def usual(self, model: MediaModel) -> str:
        return _seconds(model.typical_seconds)

    @admin.display(description="slow after", ordering="slow_seconds")
    def slow(self, model: MediaModel) -> str:
        return _seconds(model.slow_seconds)

    @admin.display(description="capabilities")
    def capabilities_(self, model: MediaModel) -> SafeString:
        return pretty(model.capabilities)

    @admin.display(description="pricing")
    def pricing_(self, model: MediaModel) -> SafeString | str:
        return NOTHING if model.pricing is None else pretty(model.pricing)

    @admin.display(description="parameters")
    def request_schema_(self, model: MediaModel) -> SafeString:
        return pretty(model.request_schema)

    @admin.action(description="Enable: can be chosen for new work", permissions=["change"])
    def enable(self, request: HttpRequest, queryset: QuerySet[MediaModel]) -> None:
        self._switch(request, queryset, True)

    @admin.action(description="Disable: cannot be chosen for new work", permissions=["change"])
    def disable(self, request: HttpRequest, queryset: QuerySet[MediaModel]) -> None:
        self._switch(request, queryset, False)

    def _switch(self, request: HttpRequest, queryset: QuerySet[MediaModel], on: bool) -> None:
        word = "Enabled" if on else "Disabled"
        changed = list(queryset.exclude(enabled=on))
        MediaModel.objects.filter(pk__in=[model.pk for model in changed]).update(enabled=on)
        for model in changed:
            self.log_change(request, model, f"{word}.")
        self.message_user(request, f"{word} {counted(len(changed), 'model')}.")


def _seconds(value: float | None) -> str:
    return NOTHING if value is None else f"{value:,.1f} s"
