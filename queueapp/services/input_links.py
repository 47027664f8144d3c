"""Links under which a hub fetches an input without a sign-in: signed, for one input, and only for a while."""

from datetime import datetime, timedelta
from uuid import UUID

from django.core.signing import BadSignature, Signer
from django.utils import timezone

from queueapp.errors import NotFound
from queueapp.models import Input
from queueapp.states import LIFETIME

#: Where such links lead, below the public address.
PATH = "inputs/shared/"

_SIGNER = Signer(salt="drover.inputs.shared")


def expiry_for(asked_at: datetime | None) -> datetime:
    """When links made for an enqueue at that time end.

    Without a time, links made on one day end together, so that most are the same when made again.
    """
    if asked_at is None:
        asked_at = timezone.now().replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)
    return asked_at + LIFETIME


def build_link(public_url: str, key: UUID, ends_at: datetime) -> str:
    """An address that brings one input, to whoever has it, until it ends."""
    token = _SIGNER.sign_object([key.hex, int(ends_at.timestamp())])
    return f"{public_url.rstrip('/')}/{PATH}{token}/"


def open_link(token: str) -> Input:
    """The input that a link names. NotFound for a link that is not ours or has ended."""
    try:
        key, ends = _SIGNER.unsign_object(token)
        row = Input.objects.filter(pk=UUID(key)).first()
    except (BadSignature, ValueError, TypeError):
        raise NotFound("This link leads nowhere.") from None
    if row is None or ends <= timezone.now().timestamp():
        raise NotFound("This link has ended.")
    return row
