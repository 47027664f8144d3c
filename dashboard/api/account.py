"""Serve the owner of an API token."""

from django.http import HttpRequest, JsonResponse
from ninja import Router

from dashboard.api import openapi
from dashboard.api.requests import get_caller
from queueapp.services import accounts

router = Router(tags=["account"])


@router.get("/users/me", summary="Owner of the token", openapi_extra=openapi.ME)
def me(request: HttpRequest) -> JsonResponse:
    """The user of the token, and the namespace that owns what it enqueues."""
    user = get_caller(request).user
    namespace = accounts.resolve_namespace(user, None)
    return JsonResponse({"username": user.get_username(), "namespace": namespace.name})
