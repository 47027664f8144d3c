"""What connections offer, and how long it usually takes."""

from collections.abc import Mapping
from statistics import median, quantiles
from typing import Any

from django.db.models import F, Q, QuerySet

from queueapp.builtin_models import MODELS, EngineModel
from queueapp.errors import ModelNotFound, NotMediaModel
from queueapp.models import Connection, Generation, MediaModel
from queueapp.params import validation_errors
from queueapp.states import State

BUILTIN = "builtin"
#: How many of a model's last endings its usual time is learnt from.
DURATION_SAMPLES = 50


def sync_builtin_models() -> None:
    """Make the built-in connection and its models be what the engine offers; safe to repeat."""
    connection, _ = Connection.objects.get_or_create(
        name=BUILTIN,
        defaults={"kind": Connection.Kind.BUILTIN, "capacity": 4, "priority": -10},
    )
    for model in MODELS:
        MediaModel.objects.update_or_create(
            connection=connection, name=model.name, defaults=_model_fields(model)
        )


def _model_fields(model: EngineModel) -> dict[str, object]:
    return {
        "display_name": model.display_name,
        "description": model.description,
        "owned_by": "drover",
        "media_type": model.media_type if model.media_type in MediaModel.Media.values else "",
        "endpoint": model.endpoint,
        "capabilities": model.capabilities,
        "pricing": model.pricing,
        "request_schema": model.request_schema,
    }


def available_models() -> QuerySet[MediaModel]:
    """Every model that can be asked for now, best connection first."""
    return (
        MediaModel.objects.filter(enabled=True, listed=True, connection__enabled=True)
        .select_related("connection")
        .order_by("-connection__priority", "connection__name", "name")
    )


def available_media_models() -> QuerySet[MediaModel]:
    """The offered models that put out images or videos: what a picker shows."""
    return available_models().exclude(media_type="")


def default_errors(model: MediaModel, defaults: Mapping[str, Any]) -> dict[str, str]:
    """What is wrong with settings that a model's form is to begin with, by parameter, in plain words."""
    schema = model.request_schema if isinstance(model.request_schema, dict) else {}
    known = schema.get("properties", {})
    wrong = {name: "The model has no such parameter." for name in defaults if name not in known}
    found = validation_errors(schema, defaults)
    return wrong | {name: text for name, text in found.items() if name in defaults and name not in wrong}


def valid_defaults(model: MediaModel) -> dict[str, Any]:
    """The settings that a model's form begins with, without those that its schema has outgrown."""
    defaults = model.defaults if isinstance(model.defaults, dict) else {}
    wrong = default_errors(model, defaults) if defaults else {}
    return {name: value for name, value in defaults.items() if name not in wrong}


def search(words: str) -> list[MediaModel]:
    """The offered models whose name, display name or description holds each of the first ten words."""
    found = available_models()
    for word in words[:200].replace("\0", " ").split()[:10]:
        found = found.filter(
            Q(name__icontains=word) | Q(display_name__icontains=word) | Q(description__icontains=word)
        )
    return list(found)


def public_names() -> dict[int, str]:
    """By id, the shortest name that means each offered model: bare where that resolves to it."""
    names: dict[int, str] = {}
    taken: set[str] = set()
    for pk, connection, name in available_models().values_list("pk", "connection__name", "name"):
        names[pk] = name if name not in taken else f"{connection}/{name}"
        taken.add(name)
    return names


def find(name: str) -> MediaModel:
    """The model meant by a bare name or by `connection/name`. ModelNotFound if nothing offers it."""
    if "\0" in name:
        raise ModelNotFound(name)  # PostgreSQL cannot be asked for it.
    found = available_models().filter(name=name).first()
    if found is None and "/" in name:
        connection, _, rest = name.partition("/")
        found = available_models().filter(connection__name=connection, name=rest).first()
    if found is None:
        raise ModelNotFound(name)
    return found


def find_media(name: str) -> MediaModel:
    """Like `find`, for a model that can be queued: NotMediaModel if it puts out neither image nor video."""
    model = find(name)
    if not model.media_type:
        raise NotMediaModel(f"{name} puts out neither images nor videos.")
    return model


def model_ids_by_name(name: str) -> list[int]:
    """The ids of every model, offered or not, that goes or went by this name. ModelNotFound if none does."""
    if "\0" in name:
        raise ModelNotFound(name)
    ids = list(MediaModel.objects.filter(name=name).values_list("pk", flat=True))
    if "/" in name:
        connection, _, rest = name.partition("/")
        forced = MediaModel.objects.filter(connection__name=connection, name=rest)
        ids += forced.values_list("pk", flat=True)
    if not ids:
        raise ModelNotFound(name)
    return ids


def update_durations(model_id: int) -> None:
    """Take the usual and the slow duration of a model from the last that were made."""
    times = (
        Generation.objects.filter(model_id=model_id, state__in=(State.SUCCEEDED, State.FINISHED))
        .exclude(released_at=None)
        .order_by("-ended_at")
        .values_list(F("ended_at") - F("released_at"), flat=True)[:DURATION_SAMPLES]
    )
    seconds = [time.total_seconds() for time in times]
    if not seconds:
        return
    slow = quantiles(seconds, n=20, method="inclusive")[-1] if len(seconds) > 1 else seconds[0]
    MediaModel.objects.filter(pk=model_id).update(median_seconds=median(seconds), p95_seconds=slow)
