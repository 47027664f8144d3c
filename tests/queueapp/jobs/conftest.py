"""A hub with results, from the tests of the poller."""

from collections.abc import Iterator

import pytest

from queueapp import backends
from tests.queueapp.poller.conftest import bridge_hub, current_hub, ended, team

__all__ = ["bridge_hub", "current_hub", "ended", "team"]


@pytest.fixture(autouse=True)
def _close_clients() -> Iterator[None]:
    yield
    for client in backends._clients.values():
        client.close()
    backends._clients.clear()
