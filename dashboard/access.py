"""Declare who may open each view. A test walks all URLs and finds views without a declaration."""

from collections.abc import Callable
from functools import wraps
from typing import Any, cast

from django.conf import settings
from django.contrib.auth.backends import ModelBackend
from django.contrib.auth.models import User
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.urls import reverse
from django_htmx.http import HttpResponseClientRedirect

from dashboard.requests import HtmxHttpRequest

View = Callable[..., HttpResponseBase]

PUBLIC = "public"
SIGN_IN_REQUIRED = "sign-in required"
#: Characters of an address that are kept: the longest IPv6 address has 45.
_MAX_IP_LENGTH = 45


class UserBackend(ModelBackend):
    """Load the namespace together with the user: every page needs both, so one query fetches them."""

    def get_user(self, user_id: int) -> User | None:
        user = User.objects.select_related("namespace").filter(pk=user_id).first()
        return user if user is not None and self.user_can_authenticate(user) else None


def public(view: View) -> View:
    """Let everyone open a view: the sign-in page, the health check, signed links to inputs."""
    return _declare(view, PUBLIC)


def sign_in_required(view: View) -> View:
    """Let signed-in users open a view; redirect others to the sign-in page, which leads back."""

    @wraps(view)
    def guarded(request: HtmxHttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if request.user.is_authenticated:
            return view(request, *args, **kwargs)
        return _redirect_to_sign_in(request)

    return _declare(guarded, SIGN_IN_REQUIRED)


def _declare(view: View, access: str) -> View:
    view.access = access  # type: ignore[attr-defined]
    return view


def _redirect_to_sign_in(request: HtmxHttpRequest) -> HttpResponse:
    if request.htmx:
        # htmx would follow a plain redirect and swap the sign-in page into a fragment of this one.
        return HttpResponseClientRedirect(reverse("login"))
    return cast(HttpResponse, redirect_to_login(request.get_full_path()))


def client_ip(request: HttpRequest) -> str:
    """Return the address a request comes from; django-axes counts failed sign-ins by it.

    Behind a trusted proxy (DROVER_HTTPS) this is the last address in X-Forwarded-For, the one that the
    proxy added. Without a proxy any client could forge the header, so it is ignored.
    """
    if settings.DROVER_HTTPS:
        forwarded_for = request.headers.get("X-Forwarded-For", "").rpartition(",")[2].strip()
        if forwarded_for:
            return forwarded_for[:_MAX_IP_LENGTH]
    return str(request.META.get("REMOTE_ADDR", ""))
