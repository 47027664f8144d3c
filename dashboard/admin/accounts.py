"""People, their namespaces, and their scripts' tokens."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from django.contrib import admin, messages
from django.contrib.admin.models import LogEntry
from django.contrib.auth.admin import GroupAdmin as DjangoGroupAdmin
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.contrib.auth.models import Group, User
from django.db.models import Count, OuterRef, Q, QuerySet, Subquery
from django.forms import ModelForm
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.html import format_html
from django.utils.safestring import SafeString

from dashboard.admin.base import (
    NOTHING,
    ModelAdmin,
    NoDelete,
    ReadOnly,
    SuperusersOnly,
    counted,
    is_superuser,
    link_to,
    person,
)
from dashboard.admin.filters import HasSubmitted, NeverUsed, StillValid
from queueapp.errors import NotFound
from queueapp.models import ApiToken, Event, Generation, Namespace, Submission
from queueapp.services import accounts

admin.site.unregister([User, Group])

if TYPE_CHECKING:
    _UserAdmin = DjangoUserAdmin[User]
else:
    _UserAdmin = DjangoUserAdmin

#: What makes somebody mighty; only the mighty hand it out.
_POWERS = ("is_staff", "is_superuser", "groups", "user_permissions")


def _live(owner: str) -> Subquery:
    """How many generations of a user or namespace have not ended."""
    live = Generation.objects.live().filter(**{owner: OuterRef("pk")}).order_by()
    return Subquery(live.values(owner).annotate(live=Count("pk")).values("live"))


@admin.register(Group)
class GroupAdmin(SuperusersOnly, DjangoGroupAdmin):
    """Groups hand out permissions, so whoever may edit one may give themselves any."""


@admin.register(User)
class UserAdmin(_UserAdmin):
    """People. Whoever has a history is deactivated and never deleted: their generations stay theirs."""

    list_display = (
        "username",
        "email",
        "is_active",
        "is_staff",
        "namespace_",
        "tokens",
        "going",
        "last_login",
    )
    list_filter = ("is_active", "is_staff", "is_superuser", HasSubmitted)
    list_select_related = ("namespace",)
    actions = ("activate", "deactivate")

    def get_queryset(self, request: HttpRequest) -> QuerySet[User]:
        people: QuerySet[User] = super().get_queryset(request)
        valid = Count("api_tokens", filter=Q(api_tokens__revoked_at=None))
        return people.annotate(valid_tokens=valid, live=_live("user"))

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return () if is_superuser(request) else _POWERS

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        above = obj is not None and obj.is_superuser and not is_superuser(request)
        return not above and super().has_change_permission(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        above = obj is not None and obj.is_superuser and not is_superuser(request)
        return not above and obj != request.user and super().has_delete_permission(request, obj)

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        actions: dict[str, Any] = super().get_actions(request)
        actions.pop("delete_selected", None)
        return actions

    @admin.display(description="namespace", ordering="namespace__name")
    def namespace_(self, user: User) -> SafeString | str:
        return link_to(getattr(user, "namespace", None))

    @admin.display(description="valid tokens", ordering="valid_tokens")
    def tokens(self, user: Any) -> int:
        return int(user.valid_tokens)

    @admin.display(description="going now", ordering="live")
    def going(self, user: Any) -> int:
        return user.live or 0

    @admin.action(description="Activate: may sign in again", permissions=["change"])
    def activate(self, request: HttpRequest, queryset: QuerySet[User]) -> None:
        self._switch(request, queryset, True)

    @admin.action(
        description="Deactivate: can no longer sign in, tokens stop working", permissions=["change"]
    )
    def deactivate(self, request: HttpRequest, queryset: QuerySet[User]) -> None:
        self._switch(request, queryset, False)

    def _switch(self, request: HttpRequest, queryset: QuerySet[User], on: bool) -> None:
        word = "Activated" if on else "Deactivated"
        done = 0
        for user in queryset.exclude(is_active=on):
            if user == request.user or not self.has_change_permission(request, user):
                self.message_user(request, f"You cannot change {user}.", messages.WARNING)
                continue
            # Written alone, so that nothing else of the row is overwritten with what was read before.
            User.objects.filter(pk=user.pk).update(is_active=on)
            self.log_change(request, user, f"{word}.")
            done += 1
        self.message_user(request, f"{word} {counted(done, 'user')}.")

    def delete_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        user = self.get_object(request, object_id)
        if user is not None and self.has_delete_permission(request, user) and _has_history(user):
            text = f"{user} has a history, which is kept. Deactivate instead: untick “Active” below."
            self.message_user(request, text, messages.ERROR)
            return redirect("admin:auth_user_change", user.pk)
        return super().delete_view(request, object_id, extra_context)

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> Any:
        # Whoever comes this far has no history: the empty namespace and the tokens go with the person.
        shown, counts, _, _ = super().get_deleted_objects(objs, request)
        return shown, counts, set(), []

    def delete_model(self, request: HttpRequest, obj: User) -> None:
        Namespace.objects.filter(owner=obj).delete()
        super().delete_model(request, obj)


def _has_history(user: User) -> bool:
    traces: Iterable[QuerySet[Any]] = (
        Submission.objects.filter(user=user),
        Submission.objects.filter(namespace__owner=user),
        Event.objects.filter(user=user),
        LogEntry.objects.filter(user=user),
    )
    return any(trace.exists() for trace in traces)


@admin.register(Namespace)
class NamespaceAdmin(ReadOnly, ModelAdmin[Namespace]):
    """Read-only: a namespace follows its owner's name."""

    list_display = ("name", "owner_", "going", "last_enqueued")
    list_select_related = ("owner",)
    search_fields = ("name", "owner__username")
    fields = ("name", "owner_", "created_at", "version")
    ordering = ("name",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Namespace]:
        newest = Generation.objects.filter(namespace=OuterRef("pk")).order_by("-enqueued_at", "-pk")
        last = Subquery(newest.values("enqueued_at")[:1])
        return super().get_queryset(request).annotate(live=_live("namespace"), last=last)

    @admin.display(description="owner", ordering="owner__username")
    def owner_(self, namespace: Namespace) -> SafeString | str:
        return link_to(namespace.owner)

    @admin.display(description="going now", ordering="live")
    def going(self, namespace: Any) -> int:
        return namespace.live or 0

    @admin.display(description="last submitted", ordering="last")
    def last_enqueued(self, namespace: Any) -> Any:
        return namespace.last


@admin.register(ApiToken)
class ApiTokenAdmin(NoDelete, ModelAdmin[ApiToken]):
    """Tokens: made, shown once, revoked. Never deleted, so that a submission still tells what sent it."""

    list_display = ("name", "owner_", "beginning", "created_at", "last_used_at", "revoked_at")
    list_filter = (StillValid, NeverUsed)
    list_select_related = ("owner",)
    search_fields = ("name", "prefix", "owner__username")
    ordering = ("-created_at", "-pk")
    autocomplete_fields = ("owner",)
    actions = ("revoke",)

    def has_add_permission(self, request: HttpRequest) -> bool:
        # A token acts as its owner: making one for somebody is acting as them.
        return is_superuser(request)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_revoke_permission(self, request: HttpRequest) -> bool:
        return person(request).has_perm("queueapp.change_apitoken")

    def get_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        if obj is None:
            return ("owner", "name")
        return ("name", "owner_", "beginning", "created_at", "last_used_at", "revoked_at")

    @admin.display(description="owner", ordering="owner__username")
    def owner_(self, token: ApiToken) -> SafeString | str:
        return link_to(token.owner)

    @admin.display(description="begins with", ordering="prefix")
    def beginning(self, token: ApiToken) -> str:
        return f"{token.prefix}…" if token.prefix else NOTHING

    def save_model(
        self, request: HttpRequest, obj: ApiToken, form: "ModelForm[ApiToken]", change: bool
    ) -> None:
        token, secret = accounts.create_token(obj.owner, obj.name)
        obj.pk, obj.prefix = token.pk, token.prefix
        text = "Copy the new token now; it is shown only this once: {}"
        self.message_user(request, format_html(text, secret), messages.WARNING)

    @admin.action(description="Revoke: stops working at once", permissions=["revoke"])
    def revoke(self, request: HttpRequest, queryset: QuerySet[ApiToken]) -> None:
        revoked = refused = 0
        for token in queryset:
            try:
                accounts.revoke_token(token.pk)
            except NotFound:
                refused += 1
            else:
                revoked += 1
                self.log_change(request, token, "Revoked.")
        self.message_user(request, f"Revoked {counted(revoked, 'token')}.")
        if refused:
            self.message_user(request, f"{counted(refused, 'token')} had ended before.", messages.WARNING)
