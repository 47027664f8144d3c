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

from dashboard.admin.base import NOTHING, ModelAdmin, counted, page_of
from dashboard.admin.hub_form import ACCOUNT, OURS, HubForm
from queueapp.models import Connection, ForeignGeneration, Generation, MediaModel
from queueapp.services import coordination
from queueapp.services.hubs import checks, model_sync
from queueapp.upstream.clock import REPORTED_OFFSET

_SHOWN = ("base_url", "namespace", "public_url")
_WORK = ("queued", "at_work", "elsewhere_", "created_at")
_KNOWN = ("status", "checked", "answer", "revision_", "clock")
_MODELS = ("models_", "synced")


def _count(rows: QuerySet[Any]) -> Subquery:
    mine = rows.filter(connection=OuterRef("pk")).order_by()
    return Subquery(mine.values("connection").annotate(number=Count("pk")).values("number"))


def _made_elsewhere() -> QuerySet[ForeignGeneration]:
    return ForeignGeneration.objects.filter(first_seen_at__gte=timezone.now() - timedelta(hours=24))


def _when(at: datetime | None) -> str:
    return f"{timezone.localtime(at):%-d %B %Y, %H:%M:%S}" if at else "Not yet"


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
    list_editable = OURS
    list_filter = ("kind", "enabled", "stop_reason")
    search_fields = ("name", "base_url", "namespace")
    actions = ("check_all", "sync_all")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Connection]:
        return (
            super()
            .get_queryset(request)
            .annotate(
                waiting_now=_count(Generation.objects.waiting()),
                at_work_now=_count(Generation.objects.in_flight()),
                elsewhere_now=_count(_made_elsewhere()),
                models_now=Count("catalog"),
            )
        )

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        if obj is None:
            return ((None, {"fields": ("name", *ACCOUNT)}), ("How it is used", {"fields": OURS}))
        if obj.kind == Connection.Kind.BUILTIN:
            return ((None, {"fields": ("name", "kind", *OURS, *_WORK, "models_")}),)
        return (
            (None, {"fields": ("name", "kind", *_KNOWN)}),
            ("The hub's account", {"fields": ACCOUNT if self._may_change(request, obj) else _SHOWN}),
            ("How it is used", {"fields": (*OURS, *_WORK)}),
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
            obj.save(update_fields=[name for name in form.changed_data if name in OURS])
        obj.refresh_from_db()
        transaction.on_commit(coordination.wake_poller)

    # What is shown

    @admin.display(description="status")
    def status(self, connection: Connection) -> str:
        return checks.describe_status(connection, timezone.now())

    @admin.display(description="last check", ordering="checked_at")
    def checked(self, connection: Connection) -> str:
        return _when(connection.checked_at)

    @admin.display(description="what it answered")
    def answer(self, connection: Connection) -> SafeString | str:
        return format_html_join(
            "", "<p>{}</p>", ((line,) for line in connection.check_report.split("\n") if line)
        )

    @admin.display(description="revision")
    def revision_(self, connection: Connection) -> str:
        return str(connection.get_revision_display())

    @admin.display(description="its clock")
    def clock(self, connection: Connection) -> str:
        ahead = connection.clock_offset
        if ahead is None:
            return NOTHING
        if abs(ahead) < REPORTED_OFFSET:
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
        when = _when(connection.models_synced_at)
        return f"{when}. {connection.sync_error}" if connection.sync_error else when

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
            "reloads": waits and found is not None and checks.is_check_running(found, timezone.now()),
        }
        return super().change_view(request, object_id, form_url, {**(extra_context or {}), **more})

    def response_add(
        self, request: HttpRequest, obj: Connection, post_url_continue: str | None = None
    ) -> HttpResponse:
        return self._to_the_answer(request, obj) or super().response_add(request, obj, post_url_continue)

    def response_change(self, request: HttpRequest, obj: Connection) -> HttpResponse:
        return self._to_the_answer(request, obj) or super().response_change(request, obj)

    def _to_the_answer(self, request: HttpRequest, obj: Connection) -> HttpResponse | None:
        """Who goes on with a connection that is being checked now sees the answer as soon as it is there."""
        if "_continue" not in request.POST or not checks.is_check_running(obj, timezone.now()):
            return None
        self.message_user(request, "Saved. A worker asks the hub now; this page shows the answer.")
        return redirect(f"{page_of(Connection, obj.pk)}?checking=1")

    @method_decorator(require_POST)
    def check_one(self, request: HttpRequest, pk: int) -> HttpResponse:
        connection = self._hub(request, pk)
        checks.request_check(connection)
        self.message_user(request, "A worker asks the hub now; this page shows the answer when it is there.")
        return redirect(f"{page_of(Connection, pk)}?checking=1")

    @method_decorator(require_POST)
    def sync_one(self, request: HttpRequest, pk: int) -> HttpResponse:
        model_sync.request_sync(self._hub(request, pk))
        self.message_user(request, "A worker asks the hub for its models now. Load the page again to see.")
        return redirect(page_of(Connection, pk))

    def _hub(self, request: HttpRequest, pk: int) -> Connection:
        connection = get_object_or_404(Connection, pk=pk, kind=Connection.Kind.UPSTREAM)
        if not self.has_change_permission(request, connection):
            raise PermissionDenied
        return connection

    @admin.action(description="Check: ask the hub who it is", permissions=["change"])
    def check_all(self, request: HttpRequest, queryset: QuerySet[Connection]) -> None:
        self._ask(request, queryset, checks.request_check, "Checking {}.")

    @admin.action(description="Sync models: ask the hub what it offers", permissions=["change"])
    def sync_all(self, request: HttpRequest, queryset: QuerySet[Connection]) -> None:
        self._ask(request, queryset, model_sync.request_sync, "Asking {} for models.")

    def _ask(self, request: HttpRequest, queryset: QuerySet[Connection], ask: Any, words: str) -> None:
        found = list(queryset.filter(kind=Connection.Kind.UPSTREAM))
        for connection in found:
            ask(connection)
        if found:
            self.message_user(request, words.format(counted(len(found), "hub")))
        if any(each.kind == Connection.Kind.BUILTIN for each in queryset):
            self.message_user(request, "The built-in engine is part of Drover.", messages.WARNING)
