"""Manage the models that connections offer."""

from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.safestring import SafeString

from dashboard.admin.base import (
    EMPTY,
    ModelAdmin,
    NoAddMixin,
    NoDeleteMixin,
    SaveChangedFieldsMixin,
    format_json,
    link_column,
    pluralize,
)
from dashboard.admin.filters import InUseFilter
from queueapp.errors import BadRequest
from queueapp.models import MediaModel
from queueapp.params import ensure_storable
from queueapp.services import catalog


class MediaModelForm(forms.ModelForm):  # type: ignore[type-arg]
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "defaults" in self.fields:
            # Compares the input with the row, not with a copy in the form.
            self.fields["defaults"].show_hidden_initial = False

    def clean_defaults(self) -> dict[str, Any]:
        """Return the defaults. Raises ValidationError for values that the model's form could not hold."""
        defaults = self.cleaned_data["defaults"]
        if defaults is None:
            return {}
        if not isinstance(defaults, dict):
            raise forms.ValidationError('Enter a JSON object, for example {"seed": 7}.')
        try:
            ensure_storable(defaults)
        except BadRequest as error:
            raise forms.ValidationError(error.detail) from None
        if errors := catalog.default_errors(self.instance, defaults):
            raise forms.ValidationError([f"{name}: {text}" for name, text in errors.items()])
        return defaults


@admin.register(MediaModel)
class MediaModelAdmin(NoAddMixin, NoDeleteMixin, SaveChangedFieldsMixin, ModelAdmin[MediaModel]):
    """Models as their connection describes them. Admins enable them and set the defaults of their form."""

    form = MediaModelForm
    list_display = (
        "name",
        "display_name",
        "connection_link",
        "output",
        "enabled",
        "preferred",
        "listed",
        "median",
        "p95",
    )
    list_filter = ("enabled", "preferred", "listed", "media_type", ("connection", InUseFilter))
    list_select_related = ("connection",)
    search_fields = ("name", "display_name", "description", "owned_by")
    ordering = ("name", "connection")
    actions = ("enable", "disable")
    fields = (
        ("name", "display_name"),
        "connection_link",
        ("enabled", "listed"),
        "preferred",
        "defaults",
        "description",
        "output",
        "owned_by",
        "endpoint",
        ("median", "p95"),
        "formatted_capabilities",
        "formatted_pricing",
        "formatted_schema",
        "created_at",
    )
    connection_link = link_column("connection", ordering="connection__name")

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        names: list[str] = []
        for field in self.fields or ():
            names += [field] if isinstance(field, str) else field
        return [name for name in names if name not in ("enabled", "preferred", "defaults")]

    @admin.display(description="output", ordering="media_type")
    def output(self, model: MediaModel) -> str:
        return str(model.get_media_type_display())

    @admin.display(description="median time", ordering="median_seconds")
    def median(self, model: MediaModel) -> str:
        return _seconds(model.median_seconds)

    @admin.display(description="95th percentile", ordering="p95_seconds")
    def p95(self, model: MediaModel) -> str:
        return _seconds(model.p95_seconds)

    @admin.display(description="capabilities")
    def formatted_capabilities(self, model: MediaModel) -> SafeString:
        return format_json(model.capabilities)

    @admin.display(description="pricing")
    def formatted_pricing(self, model: MediaModel) -> SafeString | str:
        return EMPTY if model.pricing is None else format_json(model.pricing)

    @admin.display(description="parameters")
    def formatted_schema(self, model: MediaModel) -> SafeString:
        return format_json(model.request_schema)

    @admin.action(description="Enable the selected models", permissions=["change"])
    def enable(self, request: HttpRequest, queryset: QuerySet[MediaModel]) -> None:
        self._set_enabled(request, queryset, True)

    @admin.action(description="Disable the selected models", permissions=["change"])
    def disable(self, request: HttpRequest, queryset: QuerySet[MediaModel]) -> None:
        self._set_enabled(request, queryset, False)

    def _set_enabled(self, request: HttpRequest, queryset: QuerySet[MediaModel], enabled: bool) -> None:
        verb = "Enabled" if enabled else "Disabled"
        changed = list(queryset.exclude(enabled=enabled))
        MediaModel.objects.filter(pk__in=[model.pk for model in changed]).update(enabled=enabled)
        for model in changed:
            self.log_change(request, model, f"{verb}.")
        self.message_user(request, f"{verb} {pluralize(len(changed), 'model')}.")


def _seconds(value: float | None) -> str:
    return EMPTY if value is None else f"{value:,.1f} s"
