"""Create a long history for tests of the table."""

from datetime import timedelta

from django.contrib.auth.models import User
from django.utils import timezone

from queueapp.models import Generation, Submission
from queueapp.services import accounts
from queueapp.states import State
from tests import factories


def create_history(owner: User, count: int) -> None:
    """Create cancelled generations, one second apart, that ended an hour ago."""
    namespace, model, now = accounts.get_or_create_namespace(owner), factories.model(), timezone.now()
    submission = Submission.objects.create(
        namespace=namespace, user=owner, model=model, model_name=model.name, num_generations=1,
        prompt="long ago", params={"prompt": "long ago"},
    )  # fmt: skip
    Generation.objects.bulk_create(
        Generation(
            submission=submission, namespace=namespace, user=owner, model=model, connection=model.connection,
            ordinal=number, version=1, state=State.CANCELLED,
            enqueued_at=now - timedelta(hours=1, seconds=number), ended_at=now,
        )
        for number in range(count)
    )  # fmt: skip
