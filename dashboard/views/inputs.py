"""Upload, show and share the images and videos that users give to models."""

from typing import IO
from urllib.parse import urlencode
from uuid import UUID

from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from dashboard.access import public, sign_in_required
from dashboard.composer import models_accepting
from dashboard.composer.bound_fields import PARAM_PREFIX
from dashboard.composer.fields import MEDIA_KINDS
from dashboard.composer.media_fields import MediaItem
from dashboard.composer.upload_handler import uploaded_files
from dashboard.composer.uploads import store_upload
from dashboard.file_responses import serve_file, serve_input
from dashboard.requests import HtmxHttpRequest
from dashboard.views.media import get_input
from queueapp.errors import BadRequest, NotFound
from queueapp.files import storage
from queueapp.models import Generation
from queueapp.services import generations, input_links, inputs


@sign_in_required
@require_POST
def upload(request: HtmxHttpRequest) -> HttpResponse:
    """Store one file and return the media item that represents it in the form."""
    field_name, media_kind, file = _read_upload(request)
    item = MediaItem(store_upload(request.user, file, media_kind=media_kind))
    context = {"item": item, "name": field_name, "media_kind": media_kind}
    return render(request, "generations/_media_item.html", context)


def _read_upload(request: HtmxHttpRequest) -> tuple[str, str, IO[bytes]]:
    """Return the field's name, the kind of media it takes, and the file. Raise TooLarge and BadRequest."""
    uploaded = uploaded_files(request, "file")
    if not uploaded:
        raise BadRequest("That file is empty.")
    field_name, media_kind = request.POST.get("name", ""), request.POST.get("wanted", "")
    if media_kind not in MEDIA_KINDS or not field_name.startswith(PARAM_PREFIX):
        raise BadRequest("The upload does not say which field the file is for.")
    return field_name, media_kind, uploaded[0]


@sign_in_required
@require_safe
def thumbnail(request: HtmxHttpRequest, input_id: UUID) -> HttpResponseBase:
    """Serve the thumbnail of an input; of a video, its first frame."""
    row = get_input(request, input_id)
    return serve_file(
        request,
        inputs.get_thumbnail(row),
        "image/webp",
        filename=f"drover-input-{input_id.hex[:12]}-small.webp",
        tag=f"{input_id.hex}-small",
        modified=row.created_at.timestamp(),
    )


@public
@require_safe
def shared(request: HtmxHttpRequest, token: str) -> HttpResponseBase:
    """Serve one input to the hub that got its signed link."""
    response = serve_input(request, input_links.open_link(token))
    response["Cache-Control"] = "private, no-store"
    response["Referrer-Policy"] = "no-referrer"
    return response


@sign_in_required
@require_POST
def use_result(request: HtmxHttpRequest, generation_id: UUID) -> HttpResponse:
    """Copy a result into a new input and redirect to the composer of a model that takes it."""
    generation = generations.get_generation(generation_id, request.user)
    model_name = _model_for_result(generation)
    try:
        with storage.open_file(generation.result.file) as file:
            reference = store_upload(request.user, file)
    except FileNotFoundError:
        raise NotFound("The result's file is gone.") from None
    query = {"input": inputs.parse_reference(reference), "for": model_name}
    return redirect(f"{reverse('index')}?{urlencode(query)}")


def _model_for_result(generation: Generation) -> str:
    """Return the picker's name of a model that takes a generation's result. Raise NotFound."""
    model_name = models_accepting.best_model_for_result(generation)
    if not model_name:
        raise NotFound("There is no result that a model could take.")
    return model_name
