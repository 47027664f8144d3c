"""Create rows as they are in use, with the product's own functions wherever it has one."""

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
from queueapp.states import UNSUCCESSFUL, State


def user(name: str, **fields: Any) -> User:
    """Create a user with the password "NAME's password", and load it as a request would."""
    created = User.objects.create_user(name, password=f"{name}'s password", **fields)
    return User.objects.get(pk=created.pk)


def builtin() -> Connection:
    """Return the connection of the built-in engine."""
    return Connection.objects.get(name="builtin")


def model(name: str = "sketch-image") -> MediaModel:
    """Return the model with this name."""
    return MediaModel.objects.get(name=name)


def enqueue(
    owner: User,
    model_name: str = "sketch-image",
    prompt: str = "a lighthouse at dawn",
    count: int = 1,
    **params: Any,
) -> list[Generation]:
    """Enqueue a submission and return its generations."""
    caller = generations.Caller(owner)
    return generations.enqueue(caller, model_name, {"prompt": prompt, **params}, num_generations=count)


def generation(owner: User, state: State = State.QUEUED, **params: Any) -> Generation:
    """Create a generation and bring it to a state by legal transitions; a succeeded one has a result."""
    created = enqueue(owner, **params)[0]
    for step in _PATHS[state]:
        fields = {"reason": "The hub said no."} if step in UNSUCCESSFUL else {}
        assert transition(created, step, **fields)
    if state is State.SUCCEEDED:
        assert results.finish_with_result(created, results.save_files(created, image_file()))
    created.refresh_from_db()
    return created


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


def image_file(colour: str = "teal", size: tuple[int, int] = (64, 48)) -> Path:
    """Return the path of a new PNG file of one colour."""
    with NamedTemporaryFile(suffix=".png", dir=settings.DROVER_DATA, delete=False) as file:
        Image.new("RGB", size, colour).save(file, "PNG")
    return Path(file.name)


def png(colour: str = "teal") -> bytes:
    """Return the bytes of a small PNG file."""
    buffer = BytesIO()
    Image.new("RGB", (8, 8), colour).save(buffer, "PNG")
    return buffer.getvalue()


def age(generation: Generation, **ago: float) -> None:
    """Move the time of enqueue into the past, for example by `hours=25`."""
    enqueued_at = timezone.now() - timedelta(**ago)
    Generation.objects.filter(pk=generation.pk).update(enqueued_at=enqueued_at)


def hub_connection(hub: Any, name: str = "oxen", **fields: Any) -> Connection:
    """Create a connection to a fake hub, with the columns that a check would have filled."""
    defaults = {
        "base_url": hub.url,
        "key": Encrypted.from_text(hub.key),
        "namespace": hub.keys[hub.key],
        "revision": hub.revision,
        "supports_events": False,
    }
    return Connection.objects.create(name=name, kind=Connection.Kind.UPSTREAM, **(defaults | fields))


def hub_model(connection: Connection, name: str = "flux-1-dev", media: str = "image") -> MediaModel:
    """Create a model of a hub, with the columns that a sync would have filled."""
    return MediaModel.objects.create(
        connection=connection, name=name, display_name=name, media_type=media, request_schema={}
    )
