"""Find the models that connections offer, and keep statistics of their durations."""

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
#: Number of a model's latest generations that its durations are computed from.
DURATION_SAMPLES = 50
#: Limits of a search: characters of the query, and words of it that are used.
_MAX_QUERY_LENGTH, _MAX_QUERY_WORDS = 200, 10


def sync_builtin_models() -> None:
    """Create the built-in connection and its models, or update the models to what the engine offers."""
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
    """Return the models that can be used now, those of the connection with the highest priority first."""
    return (
        MediaModel.objects.filter(enabled=True, listed=True, connection__enabled=True)
        .select_related("connection")
        .order_by("-connection__priority", "connection__name", "name")
    )


def available_media_models() -> QuerySet[MediaModel]:
    """Return the available models that generate images or videos."""
    return available_models().exclude(media_type="")


def default_errors(model: MediaModel, defaults: Mapping[str, Any]) -> dict[str, str]:
    """Return an error message for each default value that the model's schema does not allow."""
    schema = model.request_schema if isinstance(model.request_schema, dict) else {}
    known = schema.get("properties", {})
    unknown = {name: "The model has no such parameter." for name in defaults if name not in known}
    invalid = {
        name: message
        for name, message in validation_errors(schema, defaults).items()
        if name in defaults and name not in unknown
    }
    return unknown | invalid


def valid_defaults(model: MediaModel) -> dict[str, Any]:
    """Return the default values of a model that its schema still allows."""
    defaults = model.defaults if isinstance(model.defaults, dict) else {}
    errors = default_errors(model, defaults) if defaults else {}
    return {name: value for name, value in defaults.items() if name not in errors}


def search(query: str) -> list[MediaModel]:
    """Return the available models that contain every word of the query in their names or description."""
    models = available_models()
    for word in query[:_MAX_QUERY_LENGTH].replace("\0", " ").split()[:_MAX_QUERY_WORDS]:
        models = models.filter(
            Q(name__icontains=word) | Q(display_name__icontains=word) | Q(description__icontains=word)
        )
    return list(models)


def public_names() -> dict[int, str]:
    """Return the shortest name that `find` resolves to each available model, by the model's id."""
    names: dict[int, str] = {}
    taken: set[str] = set()
    for pk, connection, name in available_models().values_list("pk", "connection__name", "name"):
        names[pk] = name if name not in taken else f"{connection}/{name}"
        taken.add(name)
    return names


def find(name: str) -> MediaModel:
    """Return the available model with this name, or with this `connection/name`.

    A bare name means the connection with the highest priority that offers it. Raises ModelNotFound.
    """
    _reject_nul(name)
    model = available_models().filter(name=name).first()
    if model is None and "/" in name:
        connection, _, bare_name = name.partition("/")
        model = available_models().filter(connection__name=connection, name=bare_name).first()
    if model is None:
        raise ModelNotFound(name)
    return model


def find_media(name: str) -> MediaModel:
    """Return the same as `find`, and raise NotMediaModel if it generates neither images nor videos."""
    model = find(name)
    if not model.media_type:
        raise NotMediaModel(f"{name} generates neither images nor videos.")
    return model


def model_ids_by_name(name: str) -> list[int]:
    """Return the ids of all models with this name or `connection/name`, available or not.

    Raises ModelNotFound if there are none.
    """
    _reject_nul(name)
    ids = list(MediaModel.objects.filter(name=name).values_list("pk", flat=True))
    if "/" in name:
        connection, _, bare_name = name.partition("/")
        of_connection = MediaModel.objects.filter(connection__name=connection, name=bare_name)
        ids += of_connection.values_list("pk", flat=True)
    if not ids:
        raise ModelNotFound(name)
    return ids


def _reject_nul(name: str) -> None:
    """Raise ModelNotFound for a name that PostgreSQL rejects in a query."""
    if "\0" in name:
        raise ModelNotFound(name)


def update_durations(model_id: int) -> None:
    """Compute the median and 95th percentile of a model's durations from its latest generations."""
    durations = (
        Generation.objects.filter(model_id=model_id, state__in=(State.SUCCEEDED, State.FINISHED))
        .exclude(released_at=None)
        .order_by("-ended_at")
        .values_list(F("ended_at") - F("released_at"), flat=True)[:DURATION_SAMPLES]
    )
    seconds = [duration.total_seconds() for duration in durations]
    if not seconds:
        return
    p95 = quantiles(seconds, n=20, method="inclusive")[-1] if len(seconds) > 1 else seconds[0]
    MediaModel.objects.filter(pk=model_id).update(median_seconds=median(seconds), p95_seconds=p95)
