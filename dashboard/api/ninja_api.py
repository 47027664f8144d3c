"""Assemble the API: authentication, error handlers, routers, and the documentation page."""

from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_safe
from ninja import NinjaAPI

from dashboard.access import View, sign_in_required
from dashboard.api import account, errors, models, queue
from dashboard.api.requests import BearerToken
from queueapp import __version__


def documentation_view(view: View) -> View:
    """Restrict a documentation view to signed-in users and to GET and HEAD."""
    # Without the exemption a POST would answer 403 instead of 405.
    return csrf_exempt(sign_in_required(require_safe(view)))


api = NinjaAPI(
    title="Drover",
    version=__version__,
    description=(
        "The queue protocol, classic revision. Send `Authorization: Bearer TOKEN` with every call. "
        "Create a token on your account page."
    ),
    auth=BearerToken(),
    docs_decorator=documentation_view,
    urls_namespace="api",
)
errors.register_handlers(api)
api.add_router("", queue.router)
api.add_router("", models.router)
api.add_router("", account.router)
