"""Sign users in and out, and let them manage their API tokens and their password."""

from typing import Any

from django.contrib.auth import update_session_auth_hash
from django.contrib.auth.forms import PasswordChangeForm
from django.contrib.auth.views import LoginView, LogoutView
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_POST, require_safe

from dashboard.access import public, sign_in_required
from dashboard.forms import SignInForm
from dashboard.requests import HtmxHttpRequest
from queueapp.models import ApiToken
from queueapp.services import accounts

#: Characters of a token's name, as the model allows.
MAX_TOKEN_NAME = 100

login = public(
    LoginView.as_view(
        template_name="account/login.html", authentication_form=SignInForm, redirect_authenticated_user=True
    )
)
logout = sign_in_required(LogoutView.as_view())


def locked_out(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
    """Answer a sign-in after too many wrong passwords. django-axes calls this with its own arguments."""
    return render(request, "account/locked.html", status=429)


@sign_in_required
@never_cache
@require_safe
def account(request: HtmxHttpRequest) -> HttpResponse:
    """Show the user's API tokens and a form for a new password."""
    return _render_account(request)


@sign_in_required
@never_cache
@require_POST
def create_token(request: HtmxHttpRequest) -> HttpResponse:
    """Create a token and show its secret. The secret is not stored: only this response contains it."""
    name = request.POST.get("name", "").replace("\0", "").strip()
    if not name:
        return _render_account(request, name_error="Enter a name.", status=422)
    if len(name) > MAX_TOKEN_NAME:
        return _render_account(request, name_error=f"Use at most {MAX_TOKEN_NAME} characters.", status=422)
    _, secret = accounts.create_token(request.user, name)
    return _render_account(request, secret=secret)


@sign_in_required
@require_POST
def revoke_token(request: HtmxHttpRequest, token_id: int) -> HttpResponse:
    """Revoke one of the user's tokens. It stops working at once."""
    accounts.revoke_token(token_id, owner=request.user)
    return redirect("account")


@sign_in_required
@sensitive_post_parameters()
@never_cache
@require_POST
def change_password(request: HtmxHttpRequest) -> HttpResponse:
    """Set a new password. The user stays signed in here and is signed out in all other browsers."""
    form = PasswordChangeForm(request.user, request.POST)
    if not form.is_valid():
        return _render_account(request, password_form=form, status=422)
    update_session_auth_hash(request, form.save())
    response = redirect("account")
    response["Location"] += "?changed=password"
    return response


def _render_account(
    request: HtmxHttpRequest,
    *,
    secret: str = "",
    name_error: str = "",
    password_form: PasswordChangeForm | None = None,
    status: int = 200,
) -> HttpResponse:
    context = {
        "tokens": ApiToken.objects.filter(owner=request.user, revoked_at=None),
        "secret": secret,
        "name_error": name_error,
        "max_token_name": MAX_TOKEN_NAME,
        "password_form": password_form or PasswordChangeForm(request.user),
        "password_changed": request.GET.get("changed") == "password",
        "namespace": accounts.get_or_create_namespace(request.user),
        "base_url": request.build_absolute_uri("/").rstrip("/"),
    }
    return render(request, "account/account.html", context, status=status)
