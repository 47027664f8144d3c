"""Which models take an image or a video as their input."""

from typing import NamedTuple

from django.core.cache import cache

from dashboard import media_fields
from dashboard.schema import fields_of
from queueapp.models import MediaModel
from queueapp.services import catalog

_KEEP = 10
_KEY = "takers"
_KINDS = ("image", "video")


class Taker(NamedTuple):
    """A model that takes an input, and the picker's name of it."""

    pk: int
    connection_id: int
    name: str


#: By kind of input, the best first.
_Takers = dict[str, list[Taker]]


def best(kind: str, model: MediaModel) -> str:
    """The picker's name of the model to give an input of this kind to; "" if none takes it.

    The same model if it can; then one of the same account; of these, and of all others, a preferred one
    first, then one that makes the same.
    """
    found = _takers().get(kind, [])
    near = sorted(found, key=lambda each: (each.pk != model.pk, each.connection_id != model.connection_id))
    return near[0].name if near else ""


def _takers() -> _Takers:
    """Reading a hundred schemas takes a while: what was read is kept for a few seconds."""
    kept: _Takers | None = cache.get(_KEY)
    if kept is None:
        names = catalog.public_names()
        models = [model for model in catalog.available_media_models() if model.pk in names]
        kept = {
            kind: [
                Taker(model.pk, model.connection_id, names[model.pk])
                for model in sorted(models, key=lambda each: (not each.preferred, each.media_type != kind))
                if _takes(model, kind)
            ]
            for kind in _KINDS
        }
        cache.set(_KEY, kept, _KEEP)
    return kept


def _takes(model: MediaModel, kind: str) -> bool:
    schema = model.request_schema
    return isinstance(schema, dict) and media_fields.place_for(fields_of(schema), kind) is not None
