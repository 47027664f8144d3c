"""Shared parts of the admin classes: permissions, search by id, formatting of values."""

import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, cast
from uuid import UUID

from django.contrib import admin
from django.contrib.admin.utils import quote
from django.contrib.auth.models import User
from django.core.exceptions import ObjectDoesNotExist
from django.db.models import Model, Q, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

if TYPE_CHECKING:
    ModelAdmin = admin.ModelAdmin
    TabularInline = admin.TabularInline
else:
    # The type stubs make these classes generic. At run time Django's classes take no type argument.

    class ModelAdmin(admin.ModelAdmin):
        def __class_getitem__(cls, _model: Any) -> type:
            return cls

    class TabularInline(admin.TabularInline):
        def __class_getitem__(cls, _models: Any) -> type:
            return cls


#: Characters of JSON on a page; the rest is cut off.
_MAX_JSON = 20_000
EMPTY = "–"


class NoAddMixin:
    """Forbids adding: only Drover itself creates these rows."""

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class NoDeleteMixin:
    """Forbids deleting: these rows are part of the history."""

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class ReadOnlyMixin(NoAddMixin, NoDeleteMixin):
    """Forbids all changes: these rows record what happened."""

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class SaveChangedFieldsMixin:
    """Writes only the edited columns: a worker may have written the others since the form was opened."""

    def save_model(self, request: HttpRequest, obj: Model, form: Any, change: bool) -> None:
        obj.save(update_fields=form.changed_data if change else None)


class SuperusersOnlyMixin:
    """Restricts a model to superusers, whatever permissions other users have."""

    def has_module_permission(self, request: HttpRequest) -> bool:
        return is_superuser(request)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return is_superuser(request) and _allowed(super(), "has_view_permission", request, obj)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return is_superuser(request) and _allowed(super(), "has_add_permission", request)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return is_superuser(request) and _allowed(super(), "has_change_permission", request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return is_superuser(request) and _allowed(super(), "has_delete_permission", request, obj)


def _allowed(parent: Any, name: str, *args: Any) -> bool:
    return bool(getattr(parent, name)(*args))


class SearchByIdMixin:
    """Searches by id alone if the search term is a UUID, which takes one index lookup."""

    def id_filter(self, key: UUID) -> Q:
        """Return the condition for rows with this id."""
        return Q(pk=key)

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        try:
            key = UUID(search_term.strip())
        except ValueError:
            parent: Any = super()
            results: tuple[QuerySet[Any], bool] = parent.get_search_results(request, queryset, search_term)
            return results
        return queryset.filter(self.id_filter(key)), False


def admin_user(request: HttpRequest) -> User:
    """Return the user of a request. The admin admits only signed-in users."""
    return cast(User, request.user)


def is_superuser(request: HttpRequest) -> bool:
    user = admin_user(request)
    return user.is_active and user.is_superuser


def format_json(value: Any) -> SafeString:
    """Format a JSON value as indented text."""
    text = json.dumps(value, ensure_ascii=False, indent=2)
    if len(text) > _MAX_JSON:
        text = f"{text[:_MAX_JSON]}\n… {len(text) - _MAX_JSON:,} more characters"
    return format_html('<pre class="drover-json">{}</pre>', text)


def change_url(model: type[Model], key: Any) -> str:
    """Return the URL of a row's change page."""
    meta = model._meta
    return reverse(f"admin:{meta.app_label}_{meta.model_name}_change", args=[quote(key)])


def link_to(row: Model | None) -> SafeString | str:
    """Return a link to a row's change page."""
    if row is None:
        return EMPTY
    return format_html('<a href="{}">{}</a>', change_url(type(row), row.pk), str(row))


def link_column(name: str, *, ordering: str | None = None) -> Callable[[Any, Any], SafeString | str]:
    """Return a column that shows the related row `name` as a link to its change page."""

    @admin.display(description=name, ordering=ordering)
    def column(model_admin: Any, row: Any) -> SafeString | str:
        try:
            return link_to(getattr(row, name))
        except ObjectDoesNotExist:
            return EMPTY

    return column


def pluralize(count: int, word: str) -> str:
    """Return a count with its noun: `1 generation`, `2 generations`."""
    return f"{count:,} {word}" if count == 1 else f"{count:,} {word}s"
