"""One namespace of a hub, one connection: two would each call theirs what the other had made."""

from queueapp.models import Connection
from queueapp.sealing import Undecryptable
from queueapp.upstream.transport import Origin


def twin(
    connection: Connection | None, base_url: str, namespace: str, key: str | None = None
) -> Connection | None:
    """Another connection than this one that leads to the same namespace of a hub.

    Where both namespaces are still to be found out, the same key leads to the same one.
    """
    same = Connection.objects.filter(kind=Connection.Kind.UPSTREAM, namespace=namespace)
    if connection is not None:
        same = same.exclude(pk=connection.pk)
    return next((one for one in same if _leads_there(one, base_url, key)), None)


def _leads_there(other: Connection, base_url: str, key: str | None) -> bool:
    try:
        same_hub = Origin.of(other.base_url) == Origin.of(base_url)
        return same_hub and bool(other.namespace or (key and other.key.open() == key))
    except (ValueError, Undecryptable):
        return False
