"""Images and videos that people give: taking them in, showing them small, and handing them to a hub."""

from urllib.parse import urlencode
from uuid import UUID

from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from dashboard import file_responses, takers, uploads
from dashboard.access import public, sign_in_required
from dashboard.media_fields import Item
from dashboard.requests import HtmxHttpRequest
from dashboard.shown import PREFIX
from dashboard.views.media import get_input
from queueapp.errors import BadRequest, NotFound
from queueapp.files import storage
from queueapp.services import accounts, generations, input_links, inputs


@sign_in_required
@require_POST
def upload(request: HtmxHttpRequest) -> HttpResponse:
    """Store one file; what stands for it in the form."""
    name = request.POST.get("name", "")
    found = uploads.files_of(request, "file")
    if not found:
        raise BadRequest("That file is empty.")
    wanted = request.POST.get("wanted", "")
    if wanted not in ("image", "video") or not name.startswith(PREFIX):
        raise BadRequest("It does not say which field the file is for.")
    row = inputs.save_upload(accounts.resolve_namespace(request.user, None), found[0], wanted=wanted)
    context = {"item": Item(f"{inputs.REFERENCE_PREFIX}{row.pk}"), "name": name, "medium": wanted}
    return render(request, "generations/_medium.html", context)


@sign_in_required
@require_safe
def thumbnail(request: HtmxHttpRequest, input_id: UUID) -> HttpResponseBase:
    """The small picture of an input; a video's first frame."""
    row = get_input(request, input_id)
    return file_responses.serve_file(
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
    """One input, for the hub that was sent its signed link."""
    response = file_responses.serve_input(request, input_links.open_link(token))
    response["Cache-Control"] = "private, no-store"
    response["Referrer-Policy"] = "no-referrer"
    return response


@sign_in_required
@require_POST
def use_result(request: HtmxHttpRequest, generation_id: UUID) -> HttpResponse:
    """Copy a result into a new input, and lead to the composer of a model that takes it."""
    found = generations.get_generation(generation_id, request.user)
    result = getattr(found, "result", None)
    taker = takers.best(result.content_type.partition("/")[0], found.model) if result else ""
    if result is None or not taker:
        raise NotFound("There is no result that a model could take.")
    try:
        with storage.open_file(result.file) as file:
            row = inputs.save_upload(accounts.resolve_namespace(request.user, None), file)
    except FileNotFoundError:
        raise NotFound("The result's file is gone.") from None
    return redirect(f"{reverse('index')}?{urlencode({'input': row.pk, 'for': taker})}")
