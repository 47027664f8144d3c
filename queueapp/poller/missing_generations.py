"""Decide what to do with a generation that its hub says it does not have: poll again, or end it."""

from django.utils import timezone

from queueapp.models import Generation
from queueapp.poller.visit import Visit
from queueapp.services.lifecycle import outcomes, poll_schedule
from queueapp.upstream.messages import Revision

#: Seconds between polls of a generation that a current hub says it does not have, although it keeps its
#: rows: neither a database replica that lags behind nor a restart may end a running generation.
MISSING_DELAYS = (1.5, 3.0, 6.0, 12.0, 24.0)
#: The same at a bridge hub, whose completion event may arrive late.
MISSING_DELAYS_ON_BRIDGE = (1.5,)


def handle_not_found(generation: Generation, visit: Visit) -> None:
    """End a generation that the hub says it does not have, or poll again if that may still change."""
    is_current = visit.client.revision is Revision.CURRENT
    delays = MISSING_DELAYS if is_current else MISSING_DELAYS_ON_BRIDGE
    polls = generation.missing_polls
    if generation.completion_event:
        outcomes.end_unlisted(generation)
    elif polls < len(delays):
        poll_schedule.poll_again(generation, timezone.now(), delays[polls], missing_polls=polls + 1)
    elif is_current:
        outcomes.end_missing(generation)
    else:
        outcomes.end_unlisted(generation)
