"""Upstream hubs over HTTP: a client for the three revisions of the queue protocol, on requests alone.

It knows nothing of Django, of rows in a database or of people. The facts it stands on are the protocol's
(the hub's public documentation and OpenAPI description 0.243.1, and what clients met in practice).
"""

from .catalog import ModelEntry, classify
from .client import CALL_SECONDS, Client, upload_seconds
from .errors import (
    BadKey,
    BadLink,
    Busy,
    LinkExpired,
    NoCredits,
    NotOffered,
    NotThere,
    Refused,
    Unclear,
    Unreachable,
    UpstreamError,
)
from .events import EventStream
from .fetch import Fetched
from .history import Account, History, HistoryEntry
from .matching import Claim, Likeness, adopt, alike, remembered
from .messages import ENDINGS, CompletionEvent, Enqueued, Listing, Revision, Row
from .probing import Probe, probe
from .retry import backoff

__all__ = [
    "CALL_SECONDS",
    "ENDINGS",
    "Account",
    "BadKey",
    "BadLink",
    "Busy",
    "Claim",
    "Client",
    "CompletionEvent",
    "Enqueued",
    "EventStream",
    "Fetched",
    "History",
    "HistoryEntry",
    "Likeness",
    "LinkExpired",
    "Listing",
    "ModelEntry",
    "NoCredits",
    "NotOffered",
    "NotThere",
    "Probe",
    "Refused",
    "Revision",
    "Row",
    "Unclear",
    "Unreachable",
    "UpstreamError",
    "adopt",
    "alike",
    "backoff",
    "classify",
    "probe",
    "remembered",
    "upload_seconds",
]
