"""Keep completion events whose `upstream_id` is not stored yet.

A fast hub can report an ending in its event stream before Drover has stored the ids from the response to the
enqueue. Events with an unknown id are therefore kept in the memory of the poller's process, and
`submitting.assign_upstream_id` looks here after it has stored an id.
"""

import threading
import time
from collections.abc import Mapping

#: Seconds that an event is kept, and the maximum number of events.
RETENTION_SECONDS, MAX_EVENTS = 60.0, 1000

_events: dict[tuple[int, str], tuple[float, dict[str, str]]] = {}
_lock = threading.Lock()


def add(connection_id: int, upstream_id: str, ending: Mapping[str, str]) -> None:
    """Keep an event. With more than `MAX_EVENTS`, it is dropped."""
    now = time.monotonic()
    with _lock:
        for key in [key for key, (at, _) in _events.items() if at < now - RETENTION_SECONDS]:
            del _events[key]
        if len(_events) < MAX_EVENTS:
            _events[connection_id, upstream_id] = (now, dict(ending))


def pop(connection_id: int, upstream_id: str) -> dict[str, str] | None:
    """Remove and return the event of an id; None if there is none."""
    with _lock:
        return _events.pop((connection_id, upstream_id), (0.0, None))[1]
