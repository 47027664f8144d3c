"""Serve results, thumbnails and inputs to signed-in users. Those of other users do not exist for them."""

from uuid import UUID

from django.http import HttpResponseBase
from django.views.decorators.http import require_safe

from dashboard.access import sign_in_required
from dashboard.file_responses import serve_file, serve_input
from dashboard.requests import HtmxHttpRequest
from queueapp.errors import NotFound
from queueapp.models import Input, Result
from queueapp.services import accounts


@sign_in_required
@require_safe
def result(request: HtmxHttpRequest, generation_id: UUID) -> HttpResponseBase:
    """Serve the result of a generation, with the content type that its bytes were checked to have."""
    stored = _get_result(request, generation_id)
    extension = stored.file.rpartition(".")[2]
    return serve_file(
        request,
        stored.file,
        stored.content_type,
        filename=f"drover-{generation_id.hex[:12]}.{extension}",
        tag=f"{generation_id.hex}-{stored.size}",
        modified=stored.created_at.timestamp(),
    )


@sign_in_required
@require_safe
def thumbnail(request: HtmxHttpRequest, generation_id: UUID) -> HttpResponseBase:
    """Serve the thumbnail of a result."""
    stored = _get_result(request, generation_id)
    if not stored.thumbnail:
        raise NotFound("This result has no thumbnail.")
    return serve_file(
        request,
        stored.thumbnail,
        "image/webp",
        filename=f"drover-{generation_id.hex[:12]}-small.webp",
        tag=f"{generation_id.hex}-small",
        modified=stored.created_at.timestamp(),
    )


@sign_in_required
@require_safe
def stored_input(request: HtmxHttpRequest, input_id: UUID) -> HttpResponseBase:
    """Serve an image or video that was given as an input."""
    return serve_input(request, get_input(request, input_id))


def get_input(request: HtmxHttpRequest, input_id: UUID) -> Input:
    """Return a stored input. Raise NotFound if there is none or it belongs to another user."""
    namespaces = accounts.visible_namespaces(request.user)
    stored = Input.objects.filter(pk=input_id, namespace__in=namespaces).first()
    if stored is None:
        raise NotFound("There is no such input.")
    return stored


def _get_result(request: HtmxHttpRequest, generation_id: UUID) -> Result:
    namespaces = accounts.visible_namespaces(request.user)
    stored = Result.objects.filter(pk=generation_id, generation__namespace__in=namespaces).first()
    if stored is None:
        raise NotFound("There is no such result.")
    return stored
