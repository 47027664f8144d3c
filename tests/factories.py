"""Rows as they come about in use, made with the product's own verbs wherever it has one."""

from datetime import timedelta
from io import BytesIO
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any

from django.conf import settings
from django.contrib.auth.models import User
from django.utils import timezone
from PIL import Image

from queueapp.models import Connection, Generation, MediaModel
from queueapp.models.fields import Encrypted
from queueapp.services import generations, results
from queueapp.services.lifecycle.transitions import transition
from queueapp.states import State


def user(name: str, **fields: Any) -> User:
    made = User.objects.create_user(name, password=f"{name}'s password", **fields)
    return User.objects.get(pk=made.pk)  # as a request would load them


def builtin() -> Connection:
    return Connection.objects.get(name="builtin")


def model(name: str = "sketch-image") -> MediaModel:
    return MediaModel.objects.get(name=name)


def enqueue(
    owner: User,
    model_name: str = "sketch-image",
    prompt: str = "a lighthouse at dawn",
    count: int = 1,
    **params: Any,
) -> list[Generation]:
    caller = generations.Caller(owner)
    return generations.enqueue(caller, model_name, {"prompt": prompt, **params}, num_generations=count)


def generation(owner: User, state: State = State.QUEUED, **params: Any) -> Generation:
    """One generation, brought to a state by legal moves; a succeeded one has a stored result."""
    made = enqueue(owner, **params)[0]
    for step in _PATHS[state]:
        ended_badly = step in (State.FAILED, State.LOST, State.EXPIRED)
        fields = {"reason": "The hub said no."} if ended_badly else {}
        assert transition(made, step, **fields)
    if state is State.SUCCEEDED:
        assert results.finish_with_result(made, results.save_files(made, picture()))
    made.refresh_from_db()
    return made


_STARTED = (State.SUBMITTING, State.PROCESSING)
_PATHS: dict[State, tuple[State, ...]] = {
    State.QUEUED: (),
    State.SUBMITTING: (State.SUBMITTING,),
    State.PROCESSING: _STARTED,
    State.SUCCEEDED: _STARTED,
    State.UNCERTAIN: (State.SUBMITTING, State.UNCERTAIN),
    State.FINISHED: (*_STARTED, State.FINISHED),
    State.FAILED: (*_STARTED, State.FAILED),
    State.CANCELLED: (State.CANCELLED,),
    State.EXPIRED: (State.EXPIRED,),
    State.LOST: (*_STARTED, State.LOST),
}


def picture(colour: str = "teal", size: tuple[int, int] = (64, 48)) -> Path:
    """A small PNG on disk."""
    with NamedTemporaryFile(suffix=".png", dir=settings.DROVER_DATA, delete=False) as file:
        Image.new("RGB", size, colour).save(file, "PNG")
    return Path(file.name)


def png(colour: str = "teal") -> bytes:
    buffer = BytesIO()
    Image.new("RGB", (8, 8), colour).save(buffer, "PNG")
    return buffer.getvalue()


def age(made: Generation, **ago: float) -> None:
    """Let a generation have been enqueued some time ago, e.g. `hours=25`."""
    then = timezone.now() - timedelta(**ago)
    Generation.objects.filter(pk=made.pk).update(enqueued_at=then)


def hub_connection(hub: Any, name: str = "oxen", **fields: Any) -> Connection:
    """A connection to a stand-in hub, as a check would have left it."""
    known = {
        "base_url": hub.url,
        "key": Encrypted.from_text(hub.key),
        "namespace": hub.keys[hub.key],
        "revision": hub.revision,
        "supports_events": False,
    }
    return Connection.objects.create(name=name, kind=Connection.Kind.UPSTREAM, **(known | fields))


def hub_model(connection: Connection, name: str = "flux-1-dev", media: str = "image") -> MediaModel:
    """A model of a hub, as a sync would have left it."""
    return MediaModel.objects.create(
        connection=connection, name=name, display_name=name, media_type=media, request_schema={}
    )
