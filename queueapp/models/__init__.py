"""The tables. Rows are read anywhere above; they are written only by `queueapp.services`."""

from queueapp.models.accounts import ApiToken, Namespace
from queueapp.models.catalog import MediaModel
from queueapp.models.connections import Connection, MadeElsewhere
from queueapp.models.generations import Download, Event, Generation, Input, Result, Submission
from queueapp.models.workers import Heartbeat, Lease, Turn

__all__ = [
    "ApiToken",
    "Connection",
    "Download",
    "Event",
    "Generation",
    "Heartbeat",
    "Input",
    "Lease",
    "MadeElsewhere",
    "MediaModel",
    "Namespace",
    "Result",
    "Submission",
    "Turn",
]
