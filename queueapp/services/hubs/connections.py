"""Query and update connections."""

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from queueapp.models import Connection, Download, Generation


def stopped_connections() -> QuerySet[Connection]:
    """Return the enabled connections that are stopped: an admin has to act before they work again."""
    return Connection.objects.filter(enabled=True).exclude(stop_reason="")


def connections_with_work() -> QuerySet[Connection]:
    """Return the connections with live generations or costs to look up, the highest priority first."""
    live = Generation.objects.live().filter(connection=OuterRef("pk"))
    costs = Generation.objects.filter(connection=OuterRef("pk"), cost_check_at__lte=timezone.now())
    return Connection.objects.filter(Q(Exists(live)) | Q(Exists(costs))).order_by("-priority", "pk")


def same_account(connection: Connection) -> QuerySet[Connection]:
    """Return the connection's row if its address, key and namespace are unchanged; else no rows.

    Use it to write what a hub answered: the account may be edited while a call runs.
    """
    return Connection.objects.filter(
        pk=connection.pk,
        base_url=connection.base_url,
        key=connection.key,
        namespace=connection.namespace,
    )


def count_unfinished(connection: Connection) -> tuple[int, int]:
    """Return the number of generations at the hub, and of results that are still to be downloaded."""
    generations = Generation.objects.in_flight().filter(connection=connection)
    downloads = Download.objects.filter(connection=connection, next_attempt_at__isnull=False)
    return generations.count(), downloads.count()
