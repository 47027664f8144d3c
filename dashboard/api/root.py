"""The API put together."""

from ninja import NinjaAPI

from dashboard.access import signed_in
from dashboard.api import answers, models, queue
from dashboard.api.reading import BearerToken

api = NinjaAPI(
    title="Drover",
    version="1",
    description="The queue protocol, classic revision. Send `Authorization: Bearer TOKEN` with every call.",
    auth=BearerToken(),
    docs_decorator=signed_in,
    urls_namespace="api",
)
answers.install(api)
api.add_router("", models.router)
api.add_router("", queue.router)
