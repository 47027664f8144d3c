"""The tables. Rows are read anywhere above; they are written only by `queueapp.services`."""

from queueapp.models.accounts import ApiToken, Namespace
from queueapp.models.catalog import MediaModel
from queueapp.models.connections import Connection
from queueapp.models.generations import Event, Generation, Input, Result, Submission
from queueapp.models.workers import Heartbeat, Lease, Turn

__all__ = [
    "ApiToken",
    "Connection",
    "Event",
    "Generation",
    "Heartbeat",
    "Input",
    "Lease",
    "MediaModel",
    "Namespace",
    "Result",
    "Submission",
    "Turn",
]
