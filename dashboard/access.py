"""Who may enter. Every view declares one of these rules; a test walks the URLs and finds who does not."""

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


class People(ModelBackend):
    """Loads the namespace with the user: every page needs both, and one query brings them."""

    def get_user(self, user_id: int) -> User | None:
        user = User.objects.select_related("namespace").filter(pk=user_id).first()
        return user if user is not None and self.user_can_authenticate(user) else None


View = Callable[..., HttpResponseBase]

OPEN = "open to all"
SIGNED_IN = "signed in"
TOKEN = "API token"  # noqa: S105  (a rule, not a secret)


def open_to_all(view: View) -> View:
    """Anybody may enter: the sign-in page, the health check, and whoever has a signed link to an input."""
    return _declare(view, OPEN)


def signed_in(view: View) -> View:
    """Only for people who are signed in; others are led to the sign-in page and back."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if request.user.is_authenticated:
            return view(request, *args, **kwargs)
        return _to_sign_in(request)

    return _declare(guarded, SIGNED_IN)


def _declare(view: View, rule: str) -> View:
    view.access = rule  # type: ignore[attr-defined]
    return view


def _to_sign_in(request: HttpRequest) -> HttpResponse:
    if getattr(request, "htmx", False):
        # A plain redirect would be followed silently and the sign-in page swapped into a fragment.
        return HttpResponseClientRedirect(reverse("login"))
    return cast(HttpResponse, redirect_to_login(request.get_full_path()))


def address_of(request: HttpRequest) -> str:
    """Where a request comes from, for the sign-in throttle.

    Behind a trusted proxy (DROVER_HTTPS) that is the last address in X-Forwarded-For, the one the proxy
    itself added; without one the header is anybody's claim and is not read.
    """
    if settings.DROVER_HTTPS:
        told = request.headers.get("X-Forwarded-For", "").rpartition(",")[2].strip()
        if told:
            return told[:45]
    return str(request.META.get("REMOTE_ADDR", ""))


def person(request: HttpRequest) -> User:
    """The signed-in user of a guarded view."""
    return cast(User, request.user)
