"""Manage users, their namespaces and their API tokens."""

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

from dashboard.admin.base import (
    EMPTY,
    ModelAdmin,
    NoDeleteMixin,
    ReadOnlyMixin,
    SuperusersOnlyMixin,
    admin_user,
    is_superuser,
    link_column,
    pluralize,
)
from dashboard.admin.filters import HasSubmitted, IsValid, NeverUsed
from queueapp.errors import NotFound
from queueapp.models import ApiToken, Event, Generation, Namespace, Submission
from queueapp.services import accounts

admin.site.unregister([User, Group])

if TYPE_CHECKING:
    _UserAdmin = DjangoUserAdmin[User]
else:
    _UserAdmin = DjangoUserAdmin

#: Fields that grant rights. Only superusers edit them.
_PRIVILEGES = ("is_staff", "is_superuser", "groups", "user_permissions")


def _active_count(owner: str) -> Subquery:
    """Return a subquery that counts the active generations of a user or a namespace."""
    active = Generation.objects.live().filter(**{owner: OuterRef("pk")}).order_by()
    return Subquery(active.values(owner).annotate(count=Count("pk")).values("count"))


@admin.register(Group)
class GroupAdmin(SuperusersOnlyMixin, DjangoGroupAdmin):
    """Groups grant permissions: a user who edits groups could grant any to themselves."""


@admin.register(User)
class UserAdmin(_UserAdmin):
    """Users. A user with a history is deactivated, never deleted, so that the history stays complete."""

    list_display = (
        "username",
        "email",
        "is_active",
        "is_staff",
        "namespace_link",
        "tokens",
        "active",
        "last_login",
    )
    list_filter = ("is_active", "is_staff", "is_superuser", HasSubmitted)
    list_select_related = ("namespace",)
    actions = ("activate", "deactivate")
    namespace_link = link_column("namespace", ordering="namespace__name")

    def get_queryset(self, request: HttpRequest) -> QuerySet[User]:
        users: QuerySet[User] = super().get_queryset(request)
        valid = Count("api_tokens", filter=Q(api_tokens__revoked_at=None))
        return users.annotate(valid_tokens=valid, active_count=_active_count("user"))

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return () if is_superuser(request) else _PRIVILEGES

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        outranks = obj is not None and obj.is_superuser and not is_superuser(request)
        return not outranks and super().has_change_permission(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        outranks = obj is not None and obj.is_superuser and not is_superuser(request)
        return not outranks and obj != request.user and super().has_delete_permission(request, obj)

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        actions: dict[str, Any] = super().get_actions(request)
        actions.pop("delete_selected", None)
        return actions

    @admin.display(description="valid tokens", ordering="valid_tokens")
    def tokens(self, user: Any) -> int:
        return int(user.valid_tokens)

    @admin.display(description="active", ordering="active_count")
    def active(self, user: Any) -> int:
        return user.active_count or 0

    @admin.action(description="Activate the selected users", permissions=["change"])
    def activate(self, request: HttpRequest, queryset: QuerySet[User]) -> None:
        self._set_active(request, queryset, True)

    @admin.action(description="Deactivate the selected users and their tokens", permissions=["change"])
    def deactivate(self, request: HttpRequest, queryset: QuerySet[User]) -> None:
        self._set_active(request, queryset, False)

    def _set_active(self, request: HttpRequest, queryset: QuerySet[User], is_active: bool) -> None:
        verb = "Activated" if is_active else "Deactivated"
        count = 0
        for user in queryset.exclude(is_active=is_active):
            if user == request.user or not self.has_change_permission(request, user):
                self.message_user(request, f"You cannot change {user}.", messages.WARNING)
                continue
            # Writes this column only, so that no other column gets back an older value.
            User.objects.filter(pk=user.pk).update(is_active=is_active)
            self.log_change(request, user, f"{verb}.")
            count += 1
        self.message_user(request, f"{verb} {pluralize(count, 'user')}.")

    def delete_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        user = self.get_object(request, object_id)
        if user is not None and self.has_delete_permission(request, user) and _has_history(user):
            text = f"{user} has a history and cannot be deleted. Clear “Active” to deactivate the user."
            self.message_user(request, text, messages.ERROR)
            return redirect("admin:auth_user_change", user.pk)
        return super().delete_view(request, object_id, extra_context)

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> Any:
        # A user who can be deleted has no history: the empty namespace and the tokens are deleted, too.
        shown, counts, _, _ = super().get_deleted_objects(objs, request)
        return shown, counts, set(), []

    def delete_model(self, request: HttpRequest, obj: User) -> None:
        Namespace.objects.filter(owner=obj).delete()
        super().delete_model(request, obj)


def _has_history(user: User) -> bool:
    records: Iterable[QuerySet[Any]] = (
        Submission.objects.filter(user=user),
        Submission.objects.filter(namespace__owner=user),
        Event.objects.filter(user=user),
        LogEntry.objects.filter(user=user),
    )
    return any(rows.exists() for rows in records)


@admin.register(Namespace)
class NamespaceAdmin(ReadOnlyMixin, ModelAdmin[Namespace]):
    """Namespaces, read-only: each follows the name of its owner."""

    list_display = ("name", "owner_link", "active", "last_enqueued")
    list_select_related = ("owner",)
    search_fields = ("name", "owner__username")
    fields = ("name", "owner_link", "created_at", "version")
    ordering = ("name",)
    owner_link = link_column("owner", ordering="owner__username")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Namespace]:
        newest = Generation.objects.filter(namespace=OuterRef("pk")).order_by("-enqueued_at", "-pk")
        last = Subquery(newest.values("enqueued_at")[:1])
        return super().get_queryset(request).annotate(active_count=_active_count("namespace"), last=last)

    @admin.display(description="active", ordering="active_count")
    def active(self, namespace: Any) -> int:
        return namespace.active_count or 0

    @admin.display(description="last submitted", ordering="last")
    def last_enqueued(self, namespace: Any) -> Any:
        return namespace.last


@admin.register(ApiToken)
class ApiTokenAdmin(NoDeleteMixin, ModelAdmin[ApiToken]):
    """API tokens. They are revoked, never deleted, so that a submission still names its token."""

    list_display = ("name", "owner_link", "shown_prefix", "created_at", "last_used_at", "revoked_at")
    list_filter = (IsValid, NeverUsed)
    list_select_related = ("owner",)
    search_fields = ("name", "prefix", "owner__username")
    ordering = ("-created_at", "-pk")
    autocomplete_fields = ("owner",)
    actions = ("revoke",)
    owner_link = link_column("owner", ordering="owner__username")

    def has_add_permission(self, request: HttpRequest) -> bool:
        # A token has the rights of its owner, so creating one means acting as that user.
        return is_superuser(request)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_revoke_permission(self, request: HttpRequest) -> bool:
        return admin_user(request).has_perm("queueapp.change_apitoken")

    def get_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        if obj is None:
            return ("owner", "name")
        return ("name", "owner_link", "shown_prefix", "created_at", "last_used_at", "revoked_at")

    @admin.display(description="starts with", ordering="prefix")
    def shown_prefix(self, token: ApiToken) -> str:
        return f"{token.prefix}…" if token.prefix else EMPTY

    def save_model(
        self, request: HttpRequest, obj: ApiToken, form: "ModelForm[ApiToken]", change: bool
    ) -> None:
        token, secret = accounts.create_token(obj.owner, obj.name)
        obj.pk, obj.prefix = token.pk, token.prefix
        text = "Copy the new token now. It is shown only once: {}"
        self.message_user(request, format_html(text, secret), messages.WARNING)

    @admin.action(description="Revoke the selected tokens", permissions=["revoke"])
    def revoke(self, request: HttpRequest, queryset: QuerySet[ApiToken]) -> None:
        revoked = skipped = 0
        for token in queryset:
            try:
                accounts.revoke_token(token.pk)
            except NotFound:
                skipped += 1
            else:
                revoked += 1
                self.log_change(request, token, "Revoked.")
        self.message_user(request, f"Revoked {pluralize(revoked, 'token')}.")
        if skipped:
            self.message_user(
                request, f"{pluralize(skipped, 'token')} had been revoked before.", messages.WARNING
            )
