"""What the admin's pages share: who may do what, and how a value is shown."""

import json
from datetime import timedelta
from typing import TYPE_CHECKING, Any, cast
from uuid import UUID

from django.contrib import admin
from django.contrib.admin.utils import quote
from django.contrib.auth.models import User
from django.db.models import Model, Q, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

if TYPE_CHECKING:
    ModelAdmin = admin.ModelAdmin
    TabularInline = admin.TabularInline
else:
    # The type checker wants to know the model of each admin; Django's classes do not take one.

    class ModelAdmin(admin.ModelAdmin):
        def __class_getitem__(cls, _model: Any) -> type:
            return cls

    class TabularInline(admin.TabularInline):
        def __class_getitem__(cls, _models: Any) -> type:
            return cls


#: Longer JSON is shown cut: a page is for reading.
_LONGEST_JSON = 20_000
NOTHING = "–"


class NoAdd:
    """Made by the product alone."""

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class NoDelete:
    """Part of the history."""

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class ReadOnly(NoAdd, NoDelete):
    """For reading: what an edit would say is not what happened."""

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class SavesWhatChanged:
    """Writes the edited columns alone: the others may have been written meanwhile by a worker."""

    def save_model(self, request: HttpRequest, obj: Model, form: Any, change: bool) -> None:
        obj.save(update_fields=form.changed_data if change else None)


class SuperusersOnly:
    """For superusers, whatever permissions others were given."""

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


class FindsById:
    """A search for a whole id is answered by the index alone, and without the other columns."""

    def by_id(self, wanted: UUID) -> Q:
        return Q(pk=wanted)

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        try:
            wanted = UUID(search_term.strip())
        except ValueError:
            parent: Any = super()
            found: tuple[QuerySet[Any], bool] = parent.get_search_results(request, queryset, search_term)
            return found
        return queryset.filter(self.by_id(wanted)), False


def person(request: HttpRequest) -> User:
    """Who acts; the admin lets nobody in who is not signed in."""
    return cast(User, request.user)


def is_superuser(request: HttpRequest) -> bool:
    return person(request).is_active and person(request).is_superuser


def pretty(value: Any) -> SafeString:
    """JSON to be read by a person."""
    text = json.dumps(value, ensure_ascii=False, indent=2)
    if len(text) > _LONGEST_JSON:
        text = f"{text[:_LONGEST_JSON]}\n… {len(text) - _LONGEST_JSON:,} more characters"
    return format_html('<pre class="drover-json">{}</pre>', text)


def page_of(model: type[Model], key: Any) -> str:
    """The address of a row's own page in the admin."""
    meta = model._meta
    return reverse(f"admin:{meta.app_label}_{meta.model_name}_change", args=[quote(key)])


def link_to(row: Model | None) -> SafeString | str:
    """A link to a row's own page in the admin."""
    if row is None:
        return NOTHING
    return format_html('<a href="{}">{}</a>', page_of(type(row), row.pk), str(row))


def span(time: timedelta | None) -> str:
    """A length of time in its two largest units."""
    if time is None:
        return NOTHING
    seconds = max(0, int(time.total_seconds()))
    if seconds < 60:
        return f"{seconds} s"
    minutes, seconds = divmod(seconds, 60)
    if minutes < 60:
        return f"{minutes} min {seconds} s"
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min"


def size(count: int) -> str:
    """A number of bytes in the unit a person would use."""
    if count < 1000:
        return f"{count} B"
    return f"{count / 1000:,.0f} kB" if count < 1_000_000 else f"{count / 1_000_000:,.1f} MB"


def counted(count: int, word: str) -> str:
    """`1 generation`, `2 generations`."""
    return f"{count:,} {word}" if count == 1 else f"{count:,} {word}s"
