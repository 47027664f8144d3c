"""Serve the model catalog: the available models and their parameters."""

from typing import Any

from django.http import HttpRequest, JsonResponse
from ninja import P, PathEx, QueryEx, Router

from dashboard.api import openapi
from queueapp.models import MediaModel
from queueapp.services import catalog

router = Router(tags=["models"])

SearchWords = QueryEx[str, P(description="Words, in any order.", example="video")]
ModelId = PathEx[str, P(description="An id from the list; slashes are not escaped.", example="sketch-image")]


@router.get("/ai/models", summary="List models", openapi_extra=openapi.MODELS)
def list_models(request: HttpRequest) -> JsonResponse:
    """All available models."""
    return _list_response(list(catalog.available_models()))


@router.get("/ai/models/search", summary="Search models", openapi_extra=openapi.MODELS)
def search_models(request: HttpRequest, search: SearchWords = "") -> JsonResponse:
    """The available models whose name or description contains every word of `search`."""
    return _list_response(catalog.search(search))


@router.get("/ai/models/{path:model_id}", summary="Get a model", openapi_extra=openapi.MODEL)
def get_model(request: HttpRequest, model_id: ModelId) -> JsonResponse:
    """One model by its id, or by `connection/name`."""
    return JsonResponse(_model_row(catalog.find(model_id), model_id))


def _list_response(models: list[MediaModel]) -> JsonResponse:
    ids = catalog.public_names()
    return JsonResponse({"object": "list", "data": [_model_row(model, ids[model.pk]) for model in models]})


def _model_row(model: MediaModel, public_id: str) -> dict[str, Any]:
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
