"""Events about generations whose names are not written down yet.

A quick hub tells an ending before the answer to the enqueue has been read and stored. What a stream told
and nobody knew is kept in this process for a while; who writes a name down asks here.
"""

import threading
import time
from collections.abc import Mapping

#: Seconds that an event is kept, and how many at most.
RETENTION_SECONDS, MAX_EVENTS = 60.0, 1000

_events: dict[tuple[int, str], tuple[float, dict[str, str]]] = {}
_lock = threading.Lock()


def add(connection_id: int, upstream_id: str, ending: Mapping[str, str]) -> None:
    """Remember what an event told."""
    now = time.monotonic()
    with _lock:
        for key in [key for key, (at, _) in _events.items() if at < now - RETENTION_SECONDS]:
            del _events[key]
        if len(_events) < MAX_EVENTS:
            _events[connection_id, upstream_id] = (now, dict(ending))


def pop(connection_id: int, upstream_id: str) -> dict[str, str] | None:
    """What was told of this one, if anything; it is told once."""
    with _lock:
        return _events.pop((connection_id, upstream_id), (0.0, None))[1]
