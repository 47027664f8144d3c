"""The models that backends offer."""

from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.safestring import SafeString

from dashboard.admin.base import (
    NOTHING,
    ModelAdmin,
    NoAdd,
    NoDelete,
    SavesWhatChanged,
    counted,
    link_to,
    pretty,
)
from dashboard.admin.filters import InUse
from queueapp.errors import BadRequest
from queueapp.models import MediaModel
from queueapp.params import ensure_storable
from queueapp.services import catalog


class MediaModelForm(forms.ModelForm):  # type: ignore[type-arg]
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "defaults" in self.fields:
            # Compared with the row, not with what the page says it was.
            self.fields["defaults"].show_hidden_initial = False

    def clean_defaults(self) -> dict[str, Any]:
        """Settings that the model's own form could hold; others would be left out there without a word."""
        defaults = self.cleaned_data["defaults"]
        if defaults is None:
            return {}
        if not isinstance(defaults, dict):
            raise forms.ValidationError('An object is wanted, for example {"seed": 7}.')
        try:
            ensure_storable(defaults)
        except BadRequest as error:
            raise forms.ValidationError(error.detail) from None
        if wrong := catalog.default_errors(self.instance, defaults):
            raise forms.ValidationError([f"{name}: {text}" for name, text in wrong.items()])
        return defaults


@admin.register(MediaModel)
class MediaModelAdmin(NoAdd, NoDelete, SavesWhatChanged, ModelAdmin[MediaModel]):
    """Models as their connection describes them. Whether they can be chosen, and what their form begins
    with, is decided here."""

    form = MediaModelForm
    list_display = (
        "name",
        "display_name",
        "connection_",
        "makes",
        "enabled",
        "preferred",
        "listed",
        "usual",
        "slow",
    )
    list_filter = ("enabled", "preferred", "listed", "media_type", ("connection", InUse))
    list_select_related = ("connection",)
    search_fields = ("name", "display_name", "description", "owned_by")
    ordering = ("name", "connection")
    actions = ("enable", "disable")
    fields = (
        ("name", "display_name"),
        "connection_",
        ("enabled", "listed"),
        "preferred",
        "defaults",
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
        return [name for name in names if name not in ("enabled", "preferred", "defaults")]

    @admin.display(description="connection", ordering="connection__name")
    def connection_(self, model: MediaModel) -> SafeString | str:
        return link_to(model.connection)

    @admin.display(description="makes", ordering="media_type")
    def makes(self, model: MediaModel) -> str:
        return str(model.get_media_type_display())

    @admin.display(description="usually takes", ordering="median_seconds")
    def usual(self, model: MediaModel) -> str:
        return _seconds(model.median_seconds)

    @admin.display(description="slow after", ordering="p95_seconds")
    def slow(self, model: MediaModel) -> str:
        return _seconds(model.p95_seconds)

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
