"""The health check, for monitors."""

from django.db import Error as DatabaseError
from django.http import HttpRequest, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from dashboard.access import open_to_all
from queueapp.services import coordination

#: Seconds without a sign of life after which a part of the worker counts as down.
SILENT = {coordination.POLLER: 15.0, coordination.JOBS: 60.0}


@open_to_all
@never_cache
@require_safe
def healthz(request: HttpRequest) -> JsonResponse:
    """200 when web, database and worker are alive, 503 otherwise; which part is down is in the body."""
    parts = {"web": "ok", "database": "ok", "worker": "ok"}
    try:
        for name, limit in SILENT.items():
            seen = coordination.seconds_since_heartbeat(name)
            if seen is None or seen > limit:
                parts["worker"] = "down"
    except DatabaseError:
        parts |= {"database": "down", "worker": "unknown"}
    well = all(state == "ok" for state in parts.values())
    return JsonResponse({"status": "ok" if well else "down", **parts}, status=200 if well else 503)
