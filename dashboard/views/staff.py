"""The admin's door."""

from django.contrib import admin
from django.contrib.auth import REDIRECT_FIELD_NAME
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.cache import never_cache

from dashboard.access import open_to_all


@open_to_all
@never_cache
def sign_in(request: HttpRequest) -> HttpResponse:
    """Lead to the one sign-in page, which throttles; the admin's own form would be a second door.

    Whoever is signed in and may not enter the admin is told so: the sign-in page would send them back here.
    """
    if not request.user.is_authenticated:
        wanted = request.GET.get(REDIRECT_FIELD_NAME, "") or reverse("admin:index")
        return redirect_to_login(wanted)
    if not admin.site.has_permission(request):
        raise PermissionDenied
    return redirect("admin:index")
