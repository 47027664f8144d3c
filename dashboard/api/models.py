"""The catalog: what can be asked for, and with which parameters."""

from typing import Any

from django.http import HttpRequest, JsonResponse
from ninja import P, PathEx, QueryEx, Router

from dashboard.api import documented
from queueapp.models import MediaModel
from queueapp.services import catalog

router = Router(tags=["models"])

Words = QueryEx[str, P(description="Words, in any order.", example="video")]
Name = PathEx[str, P(description="An id from the list, slashes and all.", example="sketch-image")]


@router.get("/ai/models", summary="List models", openapi_extra=documented.MODELS)
def every(request: HttpRequest) -> JsonResponse:
    """Every model that can be asked for now."""
    return _listed(list(catalog.available_models()))


@router.get("/ai/models/search", summary="Search models", openapi_extra=documented.MODELS)
def search(request: HttpRequest, search: Words = "") -> JsonResponse:
    """The models whose name or description holds every word of `search`."""
    return _listed(catalog.search(search))


@router.get("/ai/models/{path:model_id}", summary="One model", openapi_extra=documented.MODEL)
def one(request: HttpRequest, model_id: Name) -> JsonResponse:
    """One model by its id, or by `connection/name`."""
    found = catalog.find(model_id)
    return JsonResponse(_described(found, model_id))


def _listed(models: list[MediaModel]) -> JsonResponse:
    ids = catalog.public_names()
    return JsonResponse({"object": "list", "data": [_described(model, ids[model.pk]) for model in models]})


def _described(model: MediaModel, public_id: str) -> dict[str, Any]:
    return {
        "id": public_id,
        "object": "model",
        "created": int(model.created_at.timestamp()),
        "owned_by": model.owned_by,
        "display_name": model.display_name,
        "description": model.description,
        "endpoint": model.endpoint,
        "capabilities": model.capabilities,
        "pricing": model.pricing,
        "request_schema": model.request_schema,
    }
