"""The tables. Rows are read anywhere above; they are written only by `queueapp.services`."""

from queueapp.models.accounts import ApiToken, Namespace
from queueapp.models.catalog import MediaModel
from queueapp.models.connections import Connection, ForeignGeneration
from queueapp.models.coordination import FairShare, Heartbeat, Lease
from queueapp.models.generations import Download, Event, Generation, Input, Result, Submission

__all__ = [
    "ApiToken",
    "Connection",
    "Download",
    "Event",
    "FairShare",
    "ForeignGeneration",
    "Generation",
    "Heartbeat",
    "Input",
    "Lease",
    "MediaModel",
    "Namespace",
    "Result",
    "Submission",
]
