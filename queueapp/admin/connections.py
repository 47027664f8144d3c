"""Backends: adding hub accounts, seeing whether they work, and checking them."""

from datetime import datetime, timedelta
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import Count, Model, OuterRef, QuerySet, Subquery
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import path
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.utils.html import format_html_join
from django.utils.safestring import SafeString
from django.views.decorators.http import require_POST

from queueapp.admin.base import NOTHING, ModelAdmin, counted, page_of
from queueapp.models import Connection, Generation, MadeElsewhere, MediaModel
from queueapp.services import checkups, hubs, syncing, workers
from queueapp.upstream.probing import CLOCK_TOLERANCE

#: What every connection has, and what only a hub's account has.
_OURS = ("enabled", "capacity", "priority")
_ACCOUNT = ("base_url", "new_key", "namespace", "public_url")
_SHOWN = ("base_url", "namespace", "public_url")
_WORK = ("queued", "at_work", "elsewhere_", "created_at")
_KNOWN = ("status", "checked", "answer", "revision_", "clock")
_MODELS = ("models_", "synced")


def _count(rows: QuerySet[Any]) -> Subquery:
    mine = rows.filter(connection=OuterRef("pk")).order_by()
    return Subquery(mine.values("connection").annotate(number=Count("pk")).values("number"))


def _made_elsewhere() -> QuerySet[MadeElsewhere]:
    return MadeElsewhere.objects.filter(first_seen_at__gte=timezone.now() - timedelta(hours=24))


def _when(at: datetime | None) -> str:
    return f"{timezone.localtime(at):%-d %B %Y, %H:%M:%S}" if at else "Not yet"


class HubForm(forms.ModelForm):  # type: ignore[type-arg]
    """A hub's account. Its key goes in and never comes out."""

    new_key = forms.CharField(
        label="Key",
        required=False,
        help_text="Leave empty to keep the key that is there. It is encrypted and never shown again.",
        widget=forms.PasswordInput(
            render_value=False, attrs={"autocomplete": "new-password", "class": "vTextField"}
        ),
    )

    class Meta:
        model = Connection
        fields = ("name", *_OURS, "base_url", "namespace", "public_url")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "namespace" in self.fields:
            # What was shown comes back with the form: a check may fill it in while the form is open.
            self.fields["namespace"].show_hidden_initial = True

    def clean(self) -> dict[str, Any]:
        told = super().clean() or {}
        found = self.instance if self.instance.pk else None
        for field, words in hubs.wrong_account(found, self._given(told)).items():
            self.add_error("new_key" if field == "key" else field, words)
        return told

    def save_account(self) -> Connection:
        """Create or change the connection. Call it for a form that is valid."""
        ours = {field: self.cleaned_data[field] for field in _OURS}
        return hubs.save_hub(
            self.instance.name, **self._given(self.cleaned_data), **({} if self.instance.pk else ours)
        )

    def _given(self, told: dict[str, Any]) -> dict[str, Any]:
        fields = {name: told[name] for name in ("base_url", "namespace", "public_url") if name in told}
        if "namespace" not in self.changed_data:
            fields.pop("namespace", None)
        return fields | {"key": told.get("new_key") or None}


@admin.register(Connection)
class ConnectionAdmin(ModelAdmin[Connection]):
    """Backends. What a change makes possible happens at once: the pump is told."""

    form = HubForm
    list_display = (
        "name",
        "kind",
        "status",
        "enabled",
        "capacity",
        "priority",
        "queued",
        "at_work",
        "elsewhere_",
        "offers",
    )
    list_editable = _OURS
    list_filter = ("kind", "enabled", "stopped")
    search_fields = ("name", "base_url", "namespace")
    actions = ("check_all", "sync_all")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Connection]:
        return (
            super()
            .get_queryset(request)
            .annotate(
                waiting_now=_count(Generation.objects.waiting()),
                at_work_now=_count(Generation.objects.at_work()),
                elsewhere_now=_count(_made_elsewhere()),
                models_now=Count("catalog"),
            )
        )

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        if obj is None:
            return ((None, {"fields": ("name", *_ACCOUNT)}), ("How it is used", {"fields": _OURS}))
        if obj.kind == Connection.Kind.BUILTIN:
            return ((None, {"fields": ("name", "kind", *_OURS, *_WORK, "models_")}),)
        return (
            (None, {"fields": ("name", "kind", *_KNOWN)}),
            ("The hub's account", {"fields": _ACCOUNT if self._may_change(request, obj) else _SHOWN}),
            ("How it is used", {"fields": (*_OURS, *_WORK)}),
            ("Models", {"fields": _MODELS}),
        )

    def _may_change(self, request: HttpRequest, obj: Connection) -> bool:
        return self.has_change_permission(request, obj)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        shown = ("kind", *_KNOWN, *_MODELS, *_WORK)
        return shown if obj is None else ("name", *shown)

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        if obj is not None and obj.kind == Connection.Kind.BUILTIN:
            kwargs["form"] = forms.ModelForm
        return super().get_form(request, obj, change=change, **kwargs)

    def has_delete_permission(self, request: HttpRequest, obj: Connection | None = None) -> bool:
        """Only what has neither models nor history; the built-in one would come back by itself."""
        if obj is None or obj.kind == Connection.Kind.BUILTIN or obj.catalog.exists():
            return False
        return super().has_delete_permission(request, obj) and not obj.generations.exists()

    def save_model(self, request: HttpRequest, obj: Model, form: Any, change: bool) -> None:
        """Write the edited columns alone: the others may have been written meanwhile by a worker."""
        if isinstance(form, HubForm):
            saved = form.save_account()
            obj.pk = saved.pk
            obj._state.adding = False
        if change:
            obj.save(update_fields=[name for name in form.changed_data if name in _OURS])
        obj.refresh_from_db()
        transaction.on_commit(workers.ring)

    # What is shown

    @admin.display(description="status")
    def status(self, connection: Connection) -> str:
        return checkups.words(connection, timezone.now())

    @admin.display(description="last check", ordering="checked_at")
    def checked(self, connection: Connection) -> str:
        return _when(connection.checked_at)

    @admin.display(description="what it answered")
    def answer(self, connection: Connection) -> SafeString | str:
        return format_html_join(
            "", "<p>{}</p>", ((line,) for line in connection.check_text.split("\n") if line)
        )

    @admin.display(description="revision")
    def revision_(self, connection: Connection) -> str:
        return str(connection.get_revision_display())

    @admin.display(description="its clock")
    def clock(self, connection: Connection) -> str:
        ahead = connection.clock_ahead
        if ahead is None:
            return NOTHING
        if abs(ahead) < CLOCK_TOLERANCE:
            return "agrees with ours"
        return f"{abs(ahead):.0f} s {'ahead of' if ahead > 0 else 'behind'} ours"

    @admin.display(description="models")
    def models_(self, connection: Connection) -> str:
        models = MediaModel.objects.filter(connection=connection)
        listed = models.filter(listed=True)
        gone, off = models.filter(listed=False).count(), listed.filter(enabled=False).count()
        media = listed.exclude(media_type="").count()
        return (
            f"{listed.count()} listed, {media} of them make images or videos; "
            f"{off} switched off here, {gone} not listed any more"
        )

    @admin.display(description="models synced")
    def synced(self, connection: Connection) -> str:
        when = _when(connection.synced_at)
        return f"{when}. {connection.sync_trouble}" if connection.sync_trouble else when

    @admin.display(description="queued", ordering="waiting_now")
    def queued(self, connection: Any) -> int:
        return connection.waiting_now or 0

    @admin.display(description="at work", ordering="at_work_now")
    def at_work(self, connection: Any) -> int:
        return connection.at_work_now or 0

    @admin.display(description="made elsewhere, 24 h", ordering="elsewhere_now")
    def elsewhere_(self, connection: Any) -> int:
        return connection.elsewhere_now or 0

    @admin.display(description="models", ordering="models_now")
    def offers(self, connection: Any) -> int:
        return int(connection.models_now)

    # What can be asked

    def get_urls(self) -> list[Any]:
        site = self.admin_site.admin_view
        return [
            path("<int:pk>/check/", site(self.check_one), name="queueapp_connection_check"),
            path("<int:pk>/sync/", site(self.sync_one), name="queueapp_connection_sync"),
            *super().get_urls(),
        ]

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """With the buttons; just after a check was asked for, the page loads itself until it is answered."""
        found = Connection.objects.filter(pk=object_id).first() if object_id.isdecimal() else None
        is_hub = found is not None and found.kind == Connection.Kind.UPSTREAM
        waits = request.method == "GET" and "checking" in request.GET
        more = {
            "can_check": is_hub and self.has_change_permission(request, found),
            "reloads": waits and found is not None and checkups.answer_is_near(found, timezone.now()),
        }
        return super().change_view(request, object_id, form_url, {**(extra_context or {}), **more})

    @method_decorator(require_POST)
    def check_one(self, request: HttpRequest, pk: int) -> HttpResponse:
        connection = self._hub(request, pk)
        checkups.ask_for_check(connection)
        self.message_user(request, "A worker asks the hub now; this page shows the answer when it is there.")
        return redirect(f"{page_of(Connection, pk)}?checking=1")

    @method_decorator(require_POST)
    def sync_one(self, request: HttpRequest, pk: int) -> HttpResponse:
        syncing.ask_for_sync(self._hub(request, pk))
        self.message_user(request, "A worker asks the hub for its models now. Load the page again to see.")
        return redirect(page_of(Connection, pk))

    def _hub(self, request: HttpRequest, pk: int) -> Connection:
        connection = get_object_or_404(Connection, pk=pk, kind=Connection.Kind.UPSTREAM)
        if not self.has_change_permission(request, connection):
            raise PermissionDenied
        return connection

    @admin.action(description="Check: ask the hub who it is", permissions=["change"])
    def check_all(self, request: HttpRequest, queryset: QuerySet[Connection]) -> None:
        self._ask(request, queryset, checkups.ask_for_check, "Checking {}.")

    @admin.action(description="Sync models: ask the hub what it offers", permissions=["change"])
    def sync_all(self, request: HttpRequest, queryset: QuerySet[Connection]) -> None:
        self._ask(request, queryset, syncing.ask_for_sync, "Asking {} for models.")

    def _ask(self, request: HttpRequest, queryset: QuerySet[Connection], ask: Any, words: str) -> None:
        found = list(queryset.filter(kind=Connection.Kind.UPSTREAM))
        for connection in found:
            ask(connection)
        if found:
            self.message_user(request, words.format(counted(len(found), "hub")))
        if any(each.kind == Connection.Kind.BUILTIN for each in queryset):
            self.message_user(request, "The built-in engine is part of Drover.", messages.WARNING)
