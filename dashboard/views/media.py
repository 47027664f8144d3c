"""Files behind a sign-in: results, their thumbnails, inputs. Somebody else's do not exist."""

from uuid import UUID

from django.http import HttpRequest, HttpResponseBase
from django.views.decorators.http import require_safe

from dashboard import files
from dashboard.access import person, signed_in
from queueapp.errors import NotFound
from queueapp.models import Input, Result
from queueapp.services import accounts

_THUMBNAIL = "image/webp"


def _result(request: HttpRequest, generation_id: UUID) -> Result:
    namespaces = accounts.visible_namespaces(person(request))
    found = Result.objects.filter(pk=generation_id, generation__namespace__in=namespaces).first()
    if found is None:
        raise NotFound("There is no such result.")
    return found


@signed_in
@require_safe
def result(request: HttpRequest, generation_id: UUID) -> HttpResponseBase:
    """What a generation made, as the type its bytes were found to be."""
    found = _result(request, generation_id)
    ending = found.file.rpartition(".")[2]
    return files.serve(
        request,
        found.file,
        found.content_type,
        filename=f"drover-{generation_id.hex[:12]}.{ending}",
        tag=f"{generation_id.hex}-{found.size}",
        modified=found.created_at.timestamp(),
    )


@signed_in
@require_safe
def thumbnail(request: HttpRequest, generation_id: UUID) -> HttpResponseBase:
    """The small picture of a result."""
    found = _result(request, generation_id)
    if not found.thumbnail:
        raise NotFound("There is no thumbnail.")
    return files.serve(
        request,
        found.thumbnail,
        _THUMBNAIL,
        filename=f"drover-{generation_id.hex[:12]}-small.webp",
        tag=f"{generation_id.hex}-small",
        modified=found.created_at.timestamp(),
    )


@signed_in
@require_safe
def stored_input(request: HttpRequest, input_id: UUID) -> HttpResponseBase:
    """An image or video that somebody gave."""
    return files.serve_input(request, input_of(request, input_id))


def input_of(request: HttpRequest, input_id: UUID) -> Input:
    """NotFound if there is none or it is somebody else's."""
    namespaces = accounts.visible_namespaces(person(request))
    found = Input.objects.filter(pk=input_id, namespace__in=namespaces).first()
    if found is None:
        raise NotFound("There is no such input.")
    return found
