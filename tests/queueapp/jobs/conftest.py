"""A hub with results, from the tests of the poller."""

from tests.queueapp.poller.conftest import _forget_process_state, bridge_hub, current_hub, ended, team

__all__ = ["_forget_process_state", "bridge_hub", "current_hub", "ended", "team"]
