"""Show one generation with its live updates; cancel it, or retry the download of its result."""

from contextlib import suppress
from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST, require_safe
from django_htmx.http import trigger_client_event

from dashboard.access import sign_in_required
from dashboard.detail.page import build_detail, load_latest_version, page_title
from dashboard.detail.parameters import curl_command
from dashboard.requests import HtmxHttpRequest
from queueapp.errors import NotFound
from queueapp.models import Generation
from queueapp.services import downloads, generations


@sign_in_required
@require_safe
def generation(request: HtmxHttpRequest, generation_id: UUID) -> HttpResponse:
    """Show one generation: its result, its parameters, its timeline."""
    # Read the version before the row: a change in between is sent again with the next poll, never missed.
    version = load_latest_version(generation_id)
    found = generations.get_generation(generation_id, request.user)
    context = {
        "title": page_title(found),
        "curl": curl_command(found.submission, request.build_absolute_uri("/api/ai/queue")),
        **_detail_context(found, version),
    }
    response = render(request, "generations/detail.html", context)
    response["Cache-Control"] = "private, no-cache"
    return response


@sign_in_required
@require_safe
def status(request: HtmxHttpRequest, generation_id: UUID) -> HttpResponse:
    """Answer with the live parts of the page; 204 if nothing of the submission changed since `since`."""
    version = load_latest_version(generation_id)
    found = generations.get_generation(generation_id, request.user)
    since = request.GET.get("since", "")[:18]
    if since == str(version):
        return HttpResponse(status=204)
    seen = int(since) if since.isascii() and since.isdigit() else -1
    # Replacing the result would stop a playing video, so a change to another generation does not.
    context = {"has_changed": found.version > seen, **_detail_context(found, version)}
    return render(request, "generations/_status.html", context)


def _detail_context(found: Generation, version: int) -> dict[str, object]:
    detail = build_detail(found)
    return {
        "detail": detail,
        "version": version,
        "pending_count": detail.pending_count,
        "now": timezone.now(),
    }


@sign_in_required
@require_POST
def cancel(request: HtmxHttpRequest, generation_id: UUID) -> HttpResponse:
    """Ask for a generation to be stopped. If it has ended already, htmx gets a message to show."""
    found = generations.get_generation(generation_id, request.user)
    try:
        generations.cancel(found, request.user)
    except NotFound as error:
        if request.htmx:
            return trigger_client_event(HttpResponse(status=204), "drover:message", {"text": error.detail})
    return _refresh_or_redirect(request)


@sign_in_required
@require_POST
def retry_download(request: HtmxHttpRequest, generation_id: UUID) -> HttpResponse:
    """Retry the download of a result now; nothing happens if it has been stored meanwhile."""
    with suppress(NotFound):
        downloads.retry_now(generations.get_generation(generation_id, request.user))
    return _refresh_or_redirect(request)


def _refresh_or_redirect(request: HtmxHttpRequest) -> HttpResponse:
    """Make the page poll at once; without scripts, redirect to the page that the request came from."""
    if request.htmx:
        return trigger_client_event(HttpResponse(status=204), "drover:refresh")
    referer = request.headers.get("Referer", "")
    if url_has_allowed_host_and_scheme(referer, {request.get_host()}, require_https=request.is_secure()):
        return redirect(referer)
    return redirect("index")
