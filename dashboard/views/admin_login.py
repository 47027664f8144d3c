"""Replace the sign-in page of the admin."""

from django.contrib import admin
from django.contrib.auth import REDIRECT_FIELD_NAME
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.cache import never_cache

from dashboard.access import public


@public
@never_cache
def admin_login(request: HttpRequest) -> HttpResponse:
    """Redirect to the sign-in page of the queue, which limits failed sign-ins; the admin's own does not.

    Raise PermissionDenied for a signed-in user without access to the admin: the sign-in page would redirect
    them back here.
    """
    if not request.user.is_authenticated:
        target = request.GET.get(REDIRECT_FIELD_NAME, "") or reverse("admin:index")
        return redirect_to_login(target)
    if not admin.site.has_permission(request):
        raise PermissionDenied
    return redirect("admin:index")
