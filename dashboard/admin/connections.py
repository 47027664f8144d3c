"""Manage connections: add hub accounts, see their status, check them, sync their models."""

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

from dashboard.admin.base import EMPTY, ModelAdmin, change_url, pluralize
from dashboard.admin.hub_form import ACCOUNT_FIELDS, USAGE_FIELDS, HubForm
from queueapp.models import Connection, ForeignGeneration, Generation, MediaModel
from queueapp.services import coordination
from queueapp.services.hubs import checks, model_sync
from queueapp.services.hubs.status import describe_status
from queueapp.upstream.clock import REPORTED_OFFSET

_READONLY_ACCOUNT_FIELDS = ("base_url", "namespace", "public_url")
_WORKLOAD_FIELDS = ("queued", "running", "foreign", "created_at")
_CHECK_FIELDS = ("status", "last_check", "check_result", "revision_label", "clock")
_MODEL_FIELDS = ("models_summary", "last_sync")


def _count(rows: QuerySet[Any]) -> Subquery:
    related = rows.filter(connection=OuterRef("pk")).order_by()
    return Subquery(related.values("connection").annotate(number=Count("pk")).values("number"))


def _recent_foreign_generations() -> QuerySet[ForeignGeneration]:
    return ForeignGeneration.objects.filter(first_seen_at__gte=timezone.now() - timedelta(hours=24))


def _format_time(at: datetime | None) -> str:
    return f"{timezone.localtime(at):%-d %B %Y, %H:%M:%S}" if at else "Not yet"


@admin.register(Connection)
class ConnectionAdmin(ModelAdmin[Connection]):
    """Connections. A change wakes the poller, so that it takes effect at once."""

    form = HubForm
    list_display = (
        "name",
        "kind",
        "status",
        "enabled",
        "capacity",
        "priority",
        "queued",
        "running",
        "foreign",
        "models_offered",
    )
    list_editable = USAGE_FIELDS
    list_filter = ("kind", "enabled", "stop_reason")
    search_fields = ("name", "base_url", "namespace")
    actions = ("check_hubs", "sync_hubs")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Connection]:
        return (
            super()
            .get_queryset(request)
            .annotate(
                waiting_count=_count(Generation.objects.waiting()),
                running_count=_count(Generation.objects.in_flight()),
                foreign_count=_count(_recent_foreign_generations()),
                model_count=Count("catalog"),
            )
        )

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        if obj is None:
            return ((None, {"fields": ("name", *ACCOUNT_FIELDS)}), ("Usage", {"fields": USAGE_FIELDS}))
        if obj.kind == Connection.Kind.BUILTIN:
            return ((None, {"fields": ("name", "kind", *USAGE_FIELDS, *_WORKLOAD_FIELDS, "models_summary")}),)
        can_change = self.has_change_permission(request, obj)
        account = ACCOUNT_FIELDS if can_change else _READONLY_ACCOUNT_FIELDS
        return (
            (None, {"fields": ("name", "kind", *_CHECK_FIELDS)}),
            ("Hub account", {"fields": account}),
            ("Usage", {"fields": (*USAGE_FIELDS, *_WORKLOAD_FIELDS)}),
            ("Models", {"fields": _MODEL_FIELDS}),
        )

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        shown = ("kind", *_CHECK_FIELDS, *_MODEL_FIELDS, *_WORKLOAD_FIELDS)
        return shown if obj is None else ("name", *shown)

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        if obj is not None and obj.kind == Connection.Kind.BUILTIN:
            kwargs["form"] = forms.ModelForm
        return super().get_form(request, obj, change=change, **kwargs)

    def has_delete_permission(self, request: HttpRequest, obj: Connection | None = None) -> bool:
        """Allow deleting only without models and history. The built-in one is created again at each start."""
        if obj is None or obj.kind == Connection.Kind.BUILTIN or obj.catalog.exists():
            return False
        return super().has_delete_permission(request, obj) and not obj.generations.exists()

    def save_model(self, request: HttpRequest, obj: Model, form: Any, change: bool) -> None:
        """Write only the edited columns: a worker may have written the others meanwhile."""
        if isinstance(form, HubForm):
            saved = form.save_account()
            obj.pk = saved.pk
            obj._state.adding = False
        if change:
            obj.save(update_fields=[name for name in form.changed_data if name in USAGE_FIELDS])
        obj.refresh_from_db()
        transaction.on_commit(coordination.wake_poller)

    # Columns

    @admin.display(description="status")
    def status(self, connection: Connection) -> str:
        return describe_status(connection, timezone.now())

    @admin.display(description="last check", ordering="checked_at")
    def last_check(self, connection: Connection) -> str:
        return _format_time(connection.checked_at)

    @admin.display(description="check result")
    def check_result(self, connection: Connection) -> SafeString | str:
        return format_html_join(
            "", "<p>{}</p>", ((line,) for line in connection.check_report.split("\n") if line)
        )

    @admin.display(description="revision")
    def revision_label(self, connection: Connection) -> str:
        return str(connection.get_revision_display())

    @admin.display(description="clock")
    def clock(self, connection: Connection) -> str:
        offset = connection.clock_offset
        if offset is None:
            return EMPTY
        if abs(offset) < REPORTED_OFFSET:
            return "in sync with ours"
        return f"{abs(offset):.0f} s {'ahead of' if offset > 0 else 'behind'} ours"

    @admin.display(description="models")
    def models_summary(self, connection: Connection) -> str:
        models = MediaModel.objects.filter(connection=connection)
        listed = models.filter(listed=True)
        unlisted, disabled = models.filter(listed=False).count(), listed.filter(enabled=False).count()
        media = listed.exclude(media_type="").count()
        return (
            f"{listed.count()} listed, {media} of them for images or videos; "
            f"{disabled} disabled here, {unlisted} no longer listed"
        )

    @admin.display(description="models last_sync")
    def last_sync(self, connection: Connection) -> str:
        when = _format_time(connection.models_synced_at)
        return f"{when}. {connection.sync_error}" if connection.sync_error else when

    @admin.display(description="queued", ordering="waiting_count")
    def queued(self, connection: Any) -> int:
        return connection.waiting_count or 0

    @admin.display(description="running", ordering="running_count")
    def running(self, connection: Any) -> int:
        return connection.running_count or 0

    @admin.display(description="by others, 24 h", ordering="foreign_count")
    def foreign(self, connection: Any) -> int:
        return connection.foreign_count or 0

    @admin.display(description="models", ordering="model_count")
    def models_offered(self, connection: Any) -> int:
        return int(connection.model_count)

    # Checks and model syncs

    def get_urls(self) -> list[Any]:
        site = self.admin_site.admin_view
        return [
            path("<int:pk>/check/", site(self.check_view), name="queueapp_connection_check"),
            path("<int:pk>/sync/", site(self.sync_view), name="queueapp_connection_sync"),
            *super().get_urls(),
        ]

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """Add the buttons. While a requested check runs, the page reloads until the result is there."""
        connection = Connection.objects.filter(pk=object_id).first() if object_id.isdecimal() else None
        is_hub = connection is not None and connection.kind == Connection.Kind.UPSTREAM
        is_waiting = request.method == "GET" and "checking" in request.GET
        context = {
            "can_check": is_hub and self.has_change_permission(request, connection),
            "reloads": is_waiting
            and connection is not None
            and checks.is_check_running(connection, timezone.now()),
        }
        return super().change_view(request, object_id, form_url, {**(extra_context or {}), **context})

    def response_add(
        self, request: HttpRequest, obj: Connection, post_url_continue: str | None = None
    ) -> HttpResponse:
        return self._redirect_to_check(request, obj) or super().response_add(request, obj, post_url_continue)

    def response_change(self, request: HttpRequest, obj: Connection) -> HttpResponse:
        return self._redirect_to_check(request, obj) or super().response_change(request, obj)

    def _redirect_to_check(self, request: HttpRequest, obj: Connection) -> HttpResponse | None:
        """After "Save and continue", redirect to the page that shows the result of the running check."""
        if "_continue" not in request.POST or not checks.is_check_running(obj, timezone.now()):
            return None
        self.message_user(request, "Saved. The check is running; this page shows its result.")
        return redirect(f"{change_url(Connection, obj.pk)}?checking=1")

    @method_decorator(require_POST)
    def check_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        connection = self._get_hub(request, pk)
        checks.request_check(connection)
        self.message_user(request, "The check is running; this page shows its result.")
        return redirect(f"{change_url(Connection, pk)}?checking=1")

    @method_decorator(require_POST)
    def sync_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        model_sync.request_sync(self._get_hub(request, pk))
        self.message_user(request, "The model sync is running. Reload the page to see its result.")
        return redirect(change_url(Connection, pk))

    def _get_hub(self, request: HttpRequest, pk: int) -> Connection:
        connection = get_object_or_404(Connection, pk=pk, kind=Connection.Kind.UPSTREAM)
        if not self.has_change_permission(request, connection):
            raise PermissionDenied
        return connection

    @admin.action(description="Check the selected hubs", permissions=["change"])
    def check_hubs(self, request: HttpRequest, queryset: QuerySet[Connection]) -> None:
        self._request_for_hubs(request, queryset, checks.request_check, "Checking {}.")

    @admin.action(description="Sync the models of the selected hubs", permissions=["change"])
    def sync_hubs(self, request: HttpRequest, queryset: QuerySet[Connection]) -> None:
        self._request_for_hubs(request, queryset, model_sync.request_sync, "Syncing the models of {}.")

    def _request_for_hubs(
        self, request: HttpRequest, queryset: QuerySet[Connection], request_job: Any, message: str
    ) -> None:
        hubs = list(queryset.filter(kind=Connection.Kind.UPSTREAM))
        for connection in hubs:
            request_job(connection)
        if hubs:
            self.message_user(request, message.format(pluralize(len(hubs), "hub")))
        if any(connection.kind == Connection.Kind.BUILTIN for connection in queryset):
            self.message_user(request, "The built-in engine needs no check.", messages.WARNING)
