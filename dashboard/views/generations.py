"""The queue: the live table, one generation."""

from collections.abc import Sequence
from contextlib import suppress
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST, require_safe
from django_htmx.http import trigger_client_event

from dashboard import detail, notices, table, versions
from dashboard.access import person, signed_in
from dashboard.composer import picker
from dashboard.composer.prefill import composer_for_request
from dashboard.requests import HtmxHttpRequest
from queueapp.errors import NotFound
from queueapp.models import Generation, Namespace
from queueapp.services import accounts, downloads, generations
from queueapp.states import STATE_GROUPS

_SLOWEST_REFRESH, _FASTEST_REFRESH = 60, 2


@signed_in
@require_safe
def index(request: HtmxHttpRequest) -> HttpResponse:
    """The composer above the live table."""
    return render_queue(request, composer_for_request(request))


def render_queue(request: HttpRequest, composer: str, status: int = 200) -> HttpResponse:
    """Render the queue page with a composer."""
    filters = table.Filters.read(request.GET)
    # Versions are read before the rows: what changes in between is told twice, never missed.
    namespaces = accounts.visible_namespaces(person(request))
    token = versions.Token.of(namespaces)
    page = table.page(namespaces, filters)
    context = _live(namespaces) | {
        "composer": composer,
        "filters": filters,
        "groups": STATE_GROUPS,
        "filter_models": picker.filter_options_html(filters.model),
        "page": page,
        "token": token,
        "refresh": _refresh(request),
    }
    response = render(request, "generations/index.html", context, status=status)
    response["Cache-Control"] = "private, no-cache"
    return response


def _live(namespaces: Sequence[Namespace]) -> dict[str, object]:
    """What the table and its polls tell beside the rows."""
    going = versions.going(namespaces)
    return {
        "going": going,
        "restless": versions.restless(namespaces),
        "held_up": notices.held_up(namespaces) if going else [],
        "now": timezone.now(),
    }


def _refresh(request: HttpRequest) -> int:
    """Seconds after which a page without scripts loads itself again; 0 for never."""
    wanted = request.GET.get("refresh", "")
    if not wanted.isascii() or not wanted.isdigit():
        return 0
    return min(max(int(wanted[:4]), _FASTEST_REFRESH), _SLOWEST_REFRESH)


@signed_in
@require_safe
def changes(request: HttpRequest) -> HttpResponse:
    """What has changed since the page last asked; 204 when nothing has."""
    namespaces = accounts.visible_namespaces(person(request))
    token = versions.Token.of(namespaces)
    since = versions.Token.read(request.GET.get("since", ""))
    if since == token:
        return HttpResponse(status=204)
    filters = table.Filters.read(request.GET)
    context = _live(namespaces) | {
        "changes": table.changes(namespaces, since, filters),
        "filters": filters,
        "token": token,
    }
    return render(request, "generations/_changes.html", context)


@signed_in
@require_POST
def cancel(request: HttpRequest, generation_id: UUID) -> HttpResponse:
    """Ask for a generation to be stopped; one that has ended meanwhile is shown as it is."""
    user = person(request)
    found = generations.get_generation(generation_id, user)
    try:
        generations.cancel(found, user)
    except NotFound as error:
        if request.htmx:  # type: ignore[attr-defined]
            return trigger_client_event(HttpResponse(status=204), "drover:told", {"text": error.detail})
    if request.htmx:  # type: ignore[attr-defined]
        return trigger_client_event(HttpResponse(status=204), "drover:wake")
    return redirect(_back(request))


@signed_in
@require_POST
def fetch_again(request: HttpRequest, generation_id: UUID) -> HttpResponse:
    """Try now to store a result that could not be stored; nothing happens where that has come about."""
    with suppress(NotFound):
        downloads.retry_now(generations.get_generation(generation_id, person(request)))
    if request.htmx:  # type: ignore[attr-defined]
        return trigger_client_event(HttpResponse(status=204), "drover:wake")
    return redirect(_back(request))


def _back(request: HttpRequest) -> str:
    """The page of ours that somebody came from, or the table."""
    came_from = request.headers.get("Referer", "")
    if url_has_allowed_host_and_scheme(came_from, {request.get_host()}, require_https=request.is_secure()):
        return came_from
    return reverse("index")


@signed_in
@require_safe
def generation(request: HttpRequest, generation_id: UUID) -> HttpResponse:
    """One generation: its result, its parameters, its timeline."""
    # The version is read before the row: what changes in between is told twice, never missed.
    latest = detail.latest_version(generation_id)
    found = generations.get_generation(generation_id, person(request))
    context = _detail(found, latest) | {
        "title": detail.title_of(found),
        "curl": detail.curl_of(found.submission, request.build_absolute_uri("/api/ai/queue")),
    }
    response = render(request, "generations/detail.html", context)
    response["Cache-Control"] = "private, no-cache"
    return response


def _detail(found: Generation, latest: int) -> dict[str, object]:
    return {"detail": detail.detail_of(found), "latest": latest, "now": timezone.now()}


@signed_in
@require_safe
def status(request: HttpRequest, generation_id: UUID) -> HttpResponse:
    """The live part of one generation's page; 204 when neither it nor a sibling has changed."""
    latest = detail.latest_version(generation_id)
    found = generations.get_generation(generation_id, person(request))
    since = request.GET.get("since", "")[:18]
    if since == str(latest):
        return HttpResponse(status=204)
    seen = int(since) if since.isascii() and since.isdigit() else -1
    # A video that plays is not to be replaced because of a sibling.
    context = _detail(found, latest) | {"own": found.version > seen}
    return render(request, "generations/_status.html", context)
