"""Show the queue page, and answer its polls for changes."""

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from dashboard.access import sign_in_required
from dashboard.composer.prefill import composer_for_request
from dashboard.queue_page import poll_context, render_queue
from dashboard.requests import HtmxHttpRequest
from dashboard.table.changes import load_changes
from dashboard.table.filters import Filters
from dashboard.table.versions import VersionToken
from queueapp.services import accounts


@sign_in_required
@require_safe
def index(request: HtmxHttpRequest) -> HttpResponse:
    """Show the composer above the live table."""
    return render_queue(request, composer_for_request(request))


@sign_in_required
@require_safe
def changes(request: HtmxHttpRequest) -> HttpResponse:
    """Answer with the rows that changed since the version in `since`; 204 if none did."""
    namespaces = accounts.visible_namespaces(request.user)
    version = VersionToken.of(namespaces)
    since = VersionToken.parse(request.GET.get("since", ""))
    if since == version:
        return HttpResponse(status=204)
    filters = Filters.from_query(request.GET)
    context = {
        "changes": load_changes(namespaces, since, filters),
        "filters": filters,
        "version": version,
        **poll_context(namespaces),
    }
    return render(request, "generations/_changes.html", context)
