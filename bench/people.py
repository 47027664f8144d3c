"""People with a full history, and their session cookies: what the page measurements read."""

import os
import tempfile

os.environ.setdefault("DROVER_DATA", tempfile.mkdtemp(prefix="drover-bench-"))
os.environ["DJANGO_SETTINGS_MODULE"] = "bench.settings"

import django

django.setup()

from datetime import timedelta
from uuid import uuid4

from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.auth.models import User
from django.contrib.sessions.backends.db import SessionStore
from django.core.management import call_command
from django.utils import timezone

from queueapp.models import Generation, MediaModel, Submission
from queueapp.services import accounts
from queueapp.states import State

BACKEND = "dashboard.access.UserBackend"


def prepare() -> None:
    """A migrated database and collected static files, in a folder of its own."""
    call_command("migrate", verbosity=0, interactive=False)
    call_command("collectstatic", verbosity=0, interactive=False)


def person(name: str, history: int, going: int = 0) -> str:
    """Make somebody with so many ended generations and some that still go; their session cookie."""
    user = User.objects.create(username=name)
    user.set_unusable_password()
    user.save()
    _history(user, history, going)
    session = SessionStore()
    session[SESSION_KEY] = str(user.pk)
    session[BACKEND_SESSION_KEY] = BACKEND
    session[HASH_SESSION_KEY] = user.get_session_auth_hash()
    session.create()
    return f"{settings.SESSION_COOKIE_NAME}={session.session_key}"


def _history(user: User, ended: int, going: int) -> None:
    """Submissions of four generations each, one second apart, the last ones still going."""
    model = MediaModel.objects.get(name="sketch-image")
    namespace = accounts.get_or_create_namespace(user)
    now, total = timezone.now(), ended + going
    common = {"namespace": namespace, "user": user, "model": model}
    submissions = [
        Submission(
            **common,
            model_name=model.name,
            num_generations=4,
            params={"prompt": f"a lighthouse at dawn, number {place}", "aspect_ratio": "16:9"},
            prompt=f"a lighthouse at dawn, number {place}",
        )
        for place in range(-(-total // 4))
    ]
    Submission.objects.bulk_create(submissions, batch_size=2000)
    Generation.objects.bulk_create(
        (
            Generation(
                **common,
                id=uuid4(),
                submission=submissions[place // 4],
                connection_id=model.connection_id,
                ordinal=place % 4,
                version=place + 1,
                enqueued_at=now - timedelta(seconds=total - place),
                released_at=now - timedelta(seconds=total - place),
                ended_at=now if place < ended else None,
                state=State.FAILED if place < ended else State.PROCESSING,
                reason="For a measurement." if place < ended else "",
            )
            for place in range(total)
        ),
        batch_size=2000,
    )
    namespace.version = total
    namespace.save()


def token_of(name: str) -> str:
    """What a page of this person carries as the version it has seen."""
    namespace = accounts.get_or_create_namespace(User.objects.get(username=name))
    return f"{namespace.pk}:{namespace.version}"
