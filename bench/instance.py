"""Run Drover with a stand-in hub behind it, for measurements with real processes and sockets."""

import json
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from tests.hub.server import Hub
from tests.running import Drover, until

IMAGE_MODELS = ("flux-1-dev", "bytedance-seedream-4", "nano-banana", "gpt-image-1-5", "z-image-turbo")

#: Run by `manage.py shell` in the instance.
_CREATE_CONNECTION = """
import json
from queueapp.models import Connection, MediaModel
from queueapp.models.fields import Encrypted
fields = json.loads({fields!r})
key = Encrypted.from_text(fields.pop("key"))
connection = Connection.objects.create(kind="upstream", key=key, **fields)
for name in {models!r}:
    MediaModel.objects.create(connection=connection, name=name, display_name=name, media_type="image")
"""


@contextmanager
def run_drover(hub: Hub, *, capacity: int, **environment: str) -> Iterator[Drover]:
    """Run Drover with a connection to the hub and five models. All its processes have ended on exit."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    folder = TemporaryDirectory(prefix="drover-bench-")
    with folder as name, Drover(Path(name) / "data", **environment) as drover:
        create_connection(drover, hub, capacity=capacity)
        yield drover


def create_connection(drover: Drover, hub: Hub, **options: Any) -> None:
    fields = {
        "name": "hub",
        "base_url": hub.url,
        "key": hub.key,
        "namespace": hub.keys[hub.key],
        "revision": hub.revision,
        **options,
    }
    script = _CREATE_CONNECTION.format(fields=json.dumps(fields), models=IMAGE_MODELS)
    drover.manage("shell", "-v0", "-c", script)


def count_states(drover: Drover) -> dict[str, int]:
    """Return the number of generations in each state."""
    return dict(drover.database.rows("SELECT state, count(*) FROM queueapp_generation GROUP BY state"))


def count_active(drover: Drover) -> int:
    """Return the number of generations that have not ended."""
    rows = drover.database.rows("SELECT count(*) FROM queueapp_generation WHERE ended_at IS NULL")
    return int(rows[0][0])


__all__ = [
    "IMAGE_MODELS",
    "Drover",
    "Hub",
    "count_active",
    "count_states",
    "create_connection",
    "run_drover",
    "until",
]
