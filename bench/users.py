"""Create users with a history of generations, for the measurements of pages. Importing it sets Django up."""

import os
import tempfile

os.environ.setdefault("DROVER_DATA", tempfile.mkdtemp(prefix="drover-bench-"))
os.environ["DJANGO_SETTINGS_MODULE"] = "bench.settings"

import django

django.setup()

from datetime import timedelta
from uuid import uuid4

from django.conf import settings
from django.contrib.auth.models import User
from django.core.management import call_command
from django.test import Client
from django.utils import timezone

from queueapp.models import Generation, MediaModel, Submission
from queueapp.services import accounts
from queueapp.states import State

GENERATIONS_PER_SUBMISSION = 4


def prepare() -> None:
    """Migrate a database and collect static files in a folder of their own."""
    call_command("migrate", verbosity=0, interactive=False)
    call_command("collectstatic", verbosity=0, interactive=False)


def create_user(name: str, ended: int, active: int = 0) -> str:
    """Create a user with so many ended and active generations. Return the user's session cookie."""
    user = User.objects.create(username=name)
    user.set_unusable_password()
    user.save()
    _create_generations(user, ended, active)
    client = Client()
    client.force_login(user)
    cookie = client.cookies[settings.SESSION_COOKIE_NAME]
    return f"{cookie.key}={cookie.value}"


def _create_generations(user: User, ended: int, active: int) -> None:
    """Create generations that were enqueued one second apart, the active ones last."""
    namespace = accounts.get_or_create_namespace(user)
    model = MediaModel.objects.get(name="sketch-image")
    owner = {"namespace": namespace, "user": user, "model": model}
    total, now = ended + active, timezone.now()
    submissions = [
        Submission(
            **owner,
            model_name=model.name,
            num_generations=GENERATIONS_PER_SUBMISSION,
            params={"prompt": f"a lighthouse at dawn, number {number}", "aspect_ratio": "16:9"},
            prompt=f"a lighthouse at dawn, number {number}",
        )
        for number in range(-(-total // GENERATIONS_PER_SUBMISSION))
    ]
    Submission.objects.bulk_create(submissions, batch_size=2000)
    generations = (
        Generation(
            **owner,
            id=uuid4(),
            submission=submissions[number // GENERATIONS_PER_SUBMISSION],
            connection_id=model.connection_id,
            ordinal=number % GENERATIONS_PER_SUBMISSION,
            version=number + 1,
            enqueued_at=now - timedelta(seconds=total - number),
            released_at=now - timedelta(seconds=total - number),
            ended_at=now if number < ended else None,
            state=State.FAILED if number < ended else State.PROCESSING,
            reason="For a measurement." if number < ended else "",
        )
        for number in range(total)
    )
    Generation.objects.bulk_create(generations, batch_size=2000)
    namespace.version = total
    namespace.save()


def version_token(name: str) -> str:
    """Return the token by which a user's page tells the versions that it shows."""
    namespace = accounts.get_or_create_namespace(User.objects.get(username=name))
    return f"{namespace.pk}:{namespace.version}"
