"""A running Drover with a stand-in hub behind it, for measuring: real processes, real sockets."""

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

IMAGES = ("flux-1-dev", "bytedance-seedream-4", "nano-banana", "gpt-image-1-5", "z-image-turbo")

_CONNECT = """
import json, sys
from queueapp.models import Connection, MediaModel
from queueapp.models.fields import Encrypted
told = json.loads({told!r})
connection = Connection.objects.create(kind="upstream", key=Encrypted.from_text(told.pop("secret")), **told)
for name in {models!r}:
    MediaModel.objects.create(connection=connection, name=name, display_name=name, media_type="image")
"""


@contextmanager
def drover(hub: Hub, *, capacity: int, **environment: str) -> Iterator[Drover]:
    """Drover, connected to the hub, with five models; everything has ended when it is left."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    folder = TemporaryDirectory(prefix="drover-bench-")
    with folder as name, Drover(Path(name) / "data", **environment) as running:
        connect(running, hub, capacity=capacity)
        yield running


def connect(running: Drover, hub: Hub, **fields: Any) -> None:
    told = {
        "name": "hub",
        "base_url": hub.url,
        "secret": hub.key,
        "namespace": hub.keys[hub.key],
        "revision": hub.revision,
        **fields,
    }
    running.manage("shell", "-v0", "-c", _CONNECT.format(told=json.dumps(told), models=IMAGES))


def states(running: Drover) -> dict[str, int]:
    """How many generations stand in each state."""
    return dict(running.database.rows("SELECT state, count(*) FROM queueapp_generation GROUP BY state"))


def live(running: Drover) -> int:
    found = running.database.rows("SELECT count(*) FROM queueapp_generation WHERE ended_at IS NULL")
    return int(found[0][0])


__all__ = ["IMAGES", "Hub", "connect", "drover", "live", "states", "until"]
