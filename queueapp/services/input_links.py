"""Sign and open links to inputs. A link opens one input without sign-in until it expires."""

from datetime import datetime, timedelta
from uuid import UUID

from django.core.signing import BadSignature, Signer
from django.utils import timezone

from queueapp.errors import NotFound
from queueapp.models import Input
from queueapp.states import LIFETIME

#: The path of the links, below the public address.
PATH = "inputs/shared/"

_SIGNER = Signer(salt="drover.inputs.shared")


def expiry_for(asked_at: datetime | None) -> datetime:
    """Return when the links of an enqueue at `asked_at` expire.

    Without a time, all links of one day expire together, so that a link built again is usually the same.
    """
    if asked_at is None:
        asked_at = timezone.now().replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)
    return asked_at + LIFETIME


def build_link(public_url: str, input_id: UUID, expires_at: datetime) -> str:
    """Return the URL under which anyone can fetch one input until `expires_at`."""
    token = _SIGNER.sign_object([input_id.hex, int(expires_at.timestamp())])
    return f"{public_url.rstrip('/')}/{PATH}{token}/"


def open_link(token: str) -> Input:
    """Return the input of a link's token. Raises NotFound for an invalid or expired link."""
    try:
        input_id, expires_at = _SIGNER.unsign_object(token)
        row = Input.objects.filter(pk=UUID(input_id)).first()
    except (BadSignature, ValueError, TypeError):
        raise NotFound("This link is not valid.") from None
    if row is None or expires_at <= timezone.now().timestamp():
        raise NotFound("This link has expired.")
    return row
