"""Database tables. Any layer above may read rows; only `queueapp.services` writes them."""

from queueapp.models.accounts import ApiToken, Namespace
from queueapp.models.catalog import MediaModel
from queueapp.models.connections import Connection, ForeignGeneration
from queueapp.models.coordination import FairShare, Heartbeat, Lease
from queueapp.models.events import Event
from queueapp.models.generations import Generation
from queueapp.models.inputs import Input
from queueapp.models.results import Download, Result
from queueapp.models.submissions import Submission

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
