"""Whose token it is: what a program needs to know to list and cancel by namespace."""

from django.http import HttpRequest, JsonResponse
from ninja import Router

from dashboard.api import documented
from dashboard.api.reading import caller
from queueapp.services import accounts

router = Router(tags=["account"])


@router.get("/users/me", summary="Whose token it is", openapi_extra=documented.ME)
def me(request: HttpRequest) -> JsonResponse:
    """The user that the token acts as, and the namespace that owns what it enqueues."""
    user = caller(request).user
    own = accounts.resolve_namespace(user, None)
    return JsonResponse({"username": user.get_username(), "namespace": own.name})
