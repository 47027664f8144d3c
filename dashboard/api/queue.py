"""Enqueue, list, cancel: the classic revision's three calls."""

from typing import Any

from django.http import HttpRequest, JsonResponse
from ninja import P, PathEx, Router

from dashboard.api import documented
from dashboard.api.reading import caller, read_enqueue, read_id
from queueapp.errors import NotFound
from queueapp.models import Generation
from queueapp.services import accounts, catalog, generations
from queueapp.states import API_STATUS, State

router = Router(tags=["queue"])

Owner = PathEx[str, P(description="A namespace of yours: your user name.", example="alice")]
Name = PathEx[str, P(description="The model's name, slashes and all.", example="sketch-image")]
Id = PathEx[str, P(description="As the enqueue answered it.", example=documented.AN_ID)]


@router.post("/ai/queue", summary="Enqueue", openapi_extra=documented.ENQUEUE)
def enqueue(request: HttpRequest) -> JsonResponse:
    """Put generations into the queue. Ids come back at once; the parameters are checked when they run."""
    asked = read_enqueue(request)
    made = generations.enqueue(
        caller(request),
        asked.model,
        asked.params,
        num_generations=asked.num_generations,
        target_namespace=asked.target_namespace,
    )
    rows = [{"generation_id": str(one.pk), "status": API_STATUS[State(one.state)]} for one in made]
    return JsonResponse({"generations": rows})


@router.get(
    "/media/generations/status/{namespace}/{path:model}",
    summary="List what still goes",
    openapi_extra=documented.STATUS,
)
def status(request: HttpRequest, namespace: Owner, model: Name) -> JsonResponse:
    """Every generation of a model that has not ended. Gone from the list means done."""
    owner = accounts.resolve_namespace(caller(request).user, namespace)
    found = (
        Generation.objects.live()
        .filter(namespace=owner, model__in=catalog.model_ids_by_name(model), cancel_requested_at=None)
        .select_related("submission")
        .order_by("enqueued_at", "submission_id", "ordinal")
    )
    rows = [_row(generation) for generation in found]
    return JsonResponse({"status": "success", "count": len(rows), "generations": rows})


def _row(generation: Generation) -> dict[str, Any]:
    """A generation as the list tells it. A parameter named like one of the system's fields gives way."""
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
    openapi_extra=documented.CANCEL,
)
def cancel(request: HttpRequest, namespace: Owner, generation_id: Id) -> JsonResponse:
    """Stop a generation that still waits or goes. What has ended, or was cancelled before, is 404."""
    user = caller(request).user
    found = generations.get_generation(read_id(generation_id), user)
    if found.namespace.name != namespace:
        raise NotFound("There is no such generation.")
    generations.cancel(found, user)
    return JsonResponse({"status": "success", "generation_id": str(found.pk)})
