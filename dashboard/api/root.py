"""The API put together."""

from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_safe
from ninja import NinjaAPI

from dashboard.access import View, sign_in_required
from dashboard.api import account, answers, models, queue
from dashboard.api.reading import BearerToken


def documentation(view: View) -> View:
    """For people who are signed in; it changes nothing, so a wrong method is all a POST can be."""
    return csrf_exempt(sign_in_required(require_safe(view)))


api = NinjaAPI(
    title="Drover",
    version="1",
    description=(
        "The queue protocol, classic revision. Send `Authorization: Bearer TOKEN` with every call; "
        "make a token on your account's page."
    ),
    auth=BearerToken(),
    docs_decorator=documentation,
    urls_namespace="api",
)
answers.install(api)
api.add_router("", queue.router)
api.add_router("", models.router)
api.add_router("", account.router)
