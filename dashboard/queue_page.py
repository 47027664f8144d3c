"""Render the queue page: the composer above the live table."""

from collections.abc import Sequence

from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone

from dashboard import banners
from dashboard.composer import picker
from dashboard.requests import HtmxHttpRequest
from dashboard.table.filters import Filters
from dashboard.table.page import load_page
from dashboard.table.versions import VersionToken, count_live, count_pending
from queueapp.models import Namespace
from queueapp.services import accounts
from queueapp.states import STATE_GROUPS

#: Limits, in seconds, of the interval at which a page without scripts may reload itself.
_MIN_REFRESH, _MAX_REFRESH = 2, 60


def render_queue(request: HtmxHttpRequest, composer_html: str, *, status: int = 200) -> HttpResponse:
    """Render the queue page with this composer, for the filters in the request's address."""
    filters = Filters.from_query(request.GET)
    # Read the versions before the rows: a change in between is sent again with the next poll, never missed.
    namespaces = accounts.visible_namespaces(request.user)
    version = VersionToken.of(namespaces)
    context = {
        "composer": composer_html,
        "filters": filters,
        "state_groups": STATE_GROUPS,
        "model_options": picker.filter_options_html(filters.model),
        "page": load_page(namespaces, filters),
        "version": version,
        "refresh_seconds": _refresh_seconds(request),
        **poll_context(namespaces),
    }
    response = render(request, "generations/index.html", context, status=status)
    response["Cache-Control"] = "private, no-cache"
    return response


def poll_context(namespaces: Sequence[Namespace]) -> dict[str, object]:
    """Return the template variables that the page and its polls share."""
    live_count = count_live(namespaces)
    return {
        "live_count": live_count,
        "pending_count": count_pending(namespaces),
        "banners": banners.waiting_reasons(namespaces) if live_count else [],
        "now": timezone.now(),
    }


def _refresh_seconds(request: HtmxHttpRequest) -> int:
    """Return the interval at which a page without scripts reloads itself; 0 for never."""
    requested = request.GET.get("refresh", "")
    if not requested.isascii() or not requested.isdigit():
        return 0
    return min(max(int(requested[:4]), _MIN_REFRESH), _MAX_REFRESH)
