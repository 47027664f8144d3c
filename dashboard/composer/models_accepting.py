"""Find the model to give an image or a video to."""

from typing import NamedTuple

from dashboard.caching import cached
from dashboard.composer.fields import MEDIA_KINDS, Field
from dashboard.composer.placement import best_field
from dashboard.composer.schema import build_fields
from queueapp.files import media
from queueapp.models import Generation, MediaModel
from queueapp.models.results import get_result
from queueapp.services import catalog

#: Reading the schemas of a hundred models takes a while, so the result is cached for this many seconds.
_CACHE_SECONDS = 10
_CACHE_KEY = "composer:models-accepting"


class AcceptingModel(NamedTuple):
    """An available model, with its name in the picker."""

    pk: int
    connection_id: int
    picker_name: str


def best_model_for_result(generation: Generation) -> str:
    """Return the picker's name of the best model that takes the stored result; "" if there is none.

    The best is the model of the generation itself, then a model of its connection. Among these, as among all
    others, a preferred model comes first, then one that makes the same kind of media.
    """
    result = get_result(generation)
    if result is None:
        return ""
    model = generation.model
    models = cached(_CACHE_KEY, _CACHE_SECONDS, _accepting_models)
    accepting = models.get(media.kind_of(result.content_type), [])
    best = min(
        accepting,
        key=lambda other: (other.pk != model.pk, other.connection_id != model.connection_id),
        default=None,
    )
    return best.picker_name if best else ""


def _accepting_models() -> dict[str, list[AcceptingModel]]:
    """Return the models that take each kind of media, preferred ones first."""
    names = catalog.public_names()
    models = [model for model in catalog.available_media_models() if model.pk in names]
    fields = {model.pk: _fields_of(model) for model in models}
    accepting: dict[str, list[AcceptingModel]] = {}
    for kind in MEDIA_KINDS:
        ranked = sorted(models, key=lambda model: (not model.preferred, model.media_type != kind))
        accepting[kind] = [
            AcceptingModel(model.pk, model.connection_id, names[model.pk])
            for model in ranked
            if best_field(fields[model.pk], kind)
        ]
    return accepting


def _fields_of(model: MediaModel) -> list[Field]:
    schema = model.request_schema
    return build_fields(schema) if isinstance(schema, dict) else []
