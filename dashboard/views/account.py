"""Signing in and out; a person's own account: API tokens and password."""

from typing import Any

from django.contrib.auth import update_session_auth_hash
from django.contrib.auth.forms import PasswordChangeForm
from django.contrib.auth.views import LoginView, LogoutView
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_POST, require_safe

from dashboard.access import open_to_all, person, signed_in
from dashboard.forms import SignInForm
from queueapp.models import ApiToken
from queueapp.services import accounts

LONGEST_TOKEN_NAME = 100

login = open_to_all(
    LoginView.as_view(
        template_name="account/login.html", authentication_form=SignInForm, redirect_authenticated_user=True
    )
)
logout = signed_in(LogoutView.as_view())


def locked_out(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
    """The answer to a sign-in after too many wrong ones."""
    return render(request, "account/locked.html", status=429)


@signed_in
@never_cache
@require_safe
def account(request: HttpRequest) -> HttpResponse:
    """A person's tokens, and a new password."""
    return _account(request)


def _account(
    request: HttpRequest,
    *,
    secret: str = "",
    name_error: str = "",
    password: PasswordChangeForm | None = None,
    status: int = 200,
) -> HttpResponse:
    user = person(request)
    context = {
        "tokens": ApiToken.objects.filter(owner=user, revoked_at=None),
        "secret": secret,
        "name_error": name_error,
        "password": password or PasswordChangeForm(user),
        "changed": request.GET.get("changed") == "password",
        "namespace": accounts.get_or_create_namespace(user),
        "base": request.build_absolute_uri("/").rstrip("/"),
    }
    return render(request, "account/account.html", context, status=status)


@signed_in
@never_cache
@require_POST
def create_token(request: HttpRequest) -> HttpResponse:
    """A new token. Its secret is in this answer and nowhere else, so the answer is the page itself."""
    name = request.POST.get("name", "").replace("\0", "").strip()
    if not name:
        return _account(request, name_error="Say what will use it.", status=422)
    if len(name) > LONGEST_TOKEN_NAME:
        return _account(request, name_error=f"At most {LONGEST_TOKEN_NAME} characters.", status=422)
    _, secret = accounts.create_token(person(request), name)
    return _account(request, secret=secret)


@signed_in
@require_POST
def revoke_token(request: HttpRequest, token_id: int) -> HttpResponse:
    """End a token at once."""
    accounts.revoke_token(token_id, owner=person(request))
    return redirect("account")


@signed_in
@sensitive_post_parameters()
@never_cache
@require_POST
def change_password(request: HttpRequest) -> HttpResponse:
    """A new password; other browsers of this person are signed out, this one is not."""
    form = PasswordChangeForm(person(request), request.POST)
    if not form.is_valid():
        return _account(request, password=form, status=422)
    update_session_auth_hash(request, form.save())
    response = redirect("account")
    response["Location"] += "?changed=password"
    return response
