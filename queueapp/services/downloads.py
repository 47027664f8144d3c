"""Results that a hub has and Drover has not stored yet."""

from django.utils import timezone

from queueapp.models import Download, Generation


def begin(generation: Generation, url: str) -> None:
    """Fetch this generation's result from now on; `url` may be empty where only the hub's id is known."""
    Download.objects.create(
        generation=generation,
        connection_id=generation.connection_id,
        url=url,
        next_try_at=timezone.now(),
    )


def due(now, most):
    return []
