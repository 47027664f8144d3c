"""Answer the health check of monitors."""

from django.db import Error as DatabaseError
from django.http import HttpRequest, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from dashboard.access import public
from queueapp.services import coordination

#: Seconds without a heartbeat after which a part of the worker counts as down.
MAX_SILENCE = {coordination.POLLER: 15.0, coordination.JOBS: 60.0}


@public
@never_cache
@require_safe
def healthz(request: HttpRequest) -> JsonResponse:
    """Answer 200 if web, database and worker are alive, else 503. The body names the part that is down."""
    parts = {"web": "ok", "database": "ok", "worker": "ok"}
    try:
        if not _is_worker_alive():
            parts["worker"] = "down"
    except DatabaseError:
        parts |= {"database": "down", "worker": "unknown"}
    healthy = all(state == "ok" for state in parts.values())
    return JsonResponse({"status": "ok" if healthy else "down", **parts}, status=200 if healthy else 503)


def _is_worker_alive() -> bool:
    ages = {name: coordination.seconds_since_heartbeat(name) for name in MAX_SILENCE}
    return all(age is not None and age <= MAX_SILENCE[name] for name, age in ages.items())
