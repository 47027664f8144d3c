"""A hub account that no test calls."""

import pytest
from django.utils import timezone

from queueapp.models import Connection
from queueapp.services.hubs import accounts

KEY, URL = "oxen-key-of-alice-0123456789", "https://hub.example.org"


@pytest.fixture
def oxen(db) -> Connection:
    """A connection as a successful check and model sync leave it."""
    connection = accounts.save_account("oxen", base_url=URL, key=KEY, namespace="alice")
    now = timezone.now()
    Connection.objects.filter(pk=connection.pk).update(
        revision="current",
        supports_events=True,
        check_requested_at=now,
        checked_at=now,
        check_ok=True,
        models_synced_at=now,
    )
    connection.refresh_from_db()
    return connection
