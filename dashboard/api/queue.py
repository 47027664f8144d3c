"""Serve enqueue, list and cancel: the three calls of the classic revision."""

from typing import Any

from django.http import HttpRequest, JsonResponse
from ninja import P, PathEx, Router

from dashboard.api import openapi
from dashboard.api.requests import get_caller, parse_enqueue, parse_generation_id
from queueapp.errors import NotFound
from queueapp.models import Generation
from queueapp.services import accounts, catalog, generations
from queueapp.states import API_STATUS, State

router = Router(tags=["queue"])

NamespaceName = PathEx[str, P(description="One of your namespaces, e.g. your user name.", example="alice")]
ModelName = PathEx[str, P(description="The model's name; slashes are not escaped.", example="sketch-image")]
GenerationId = PathEx[str, P(description="An id from the enqueue.", example=openapi.EXAMPLE_ID)]


@router.post("/ai/queue", summary="Enqueue", openapi_extra=openapi.ENQUEUE)
def enqueue(request: HttpRequest) -> JsonResponse:
    """Enqueue generations and return their ids at once. The model checks the parameters when they run."""
    order = parse_enqueue(request)
    enqueued = generations.enqueue(
        get_caller(request),
        order.model,
        order.params,
        num_generations=order.num_generations,
        target_namespace=order.target_namespace,
    )
    rows = [
        {"generation_id": str(generation.pk), "status": API_STATUS[State(generation.state)]}
        for generation in enqueued
    ]
    return JsonResponse({"generations": rows})


@router.get(
    "/media/generations/status/{namespace}/{path:model}",
    summary="List active generations",
    openapi_extra=openapi.LIST,
)
def list_active(request: HttpRequest, namespace: NamespaceName, model: ModelName) -> JsonResponse:
    """All active generations of a model. A generation that is no longer in the list has ended."""
    owner = accounts.resolve_namespace(get_caller(request).user, namespace)
    active = (
        Generation.objects.live()
        .filter(namespace=owner, model__in=catalog.model_ids_by_name(model), cancel_requested_at=None)
        .select_related("submission")
        .order_by("enqueued_at", "submission_id", "ordinal")
    )
    rows = [_list_row(generation) for generation in active]
    return JsonResponse({"status": "success", "count": len(rows), "generations": rows})


def _list_row(generation: Generation) -> dict[str, Any]:
    """Return a generation as a row of the list. A system field hides a parameter of the same name."""
    submission = generation.submission
    row: dict[str, Any] = dict(submission.params)
    if submission.target_namespace is not None:
        row["target_namespace"] = submission.target_namespace
    row |= {
        "generation_id": str(generation.pk),
        "model": submission.model_name,
        "model_name": submission.model_name,
        "enqueued_at": int(generation.enqueued_at.timestamp()),
    }
    return row


@router.delete(
    "/media/generations/{namespace}/{generation_id}",
    summary="Cancel",
    openapi_extra=openapi.CANCEL,
)
def cancel(request: HttpRequest, namespace: NamespaceName, generation_id: GenerationId) -> JsonResponse:
    """Cancel an active generation. 404 if it has ended or was cancelled before."""
    user = get_caller(request).user
    generation = generations.get_generation(parse_generation_id(generation_id), user)
    if generation.namespace.name != namespace:
        raise NotFound("There is no such generation.")
    generations.cancel(generation, user)
    return JsonResponse({"status": "success", "generation_id": str(generation.pk)})
