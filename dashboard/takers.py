"""Which models take an image or a video as their input."""

from django.core.cache import cache

from dashboard import media_fields
from dashboard.schema import fields_of
from queueapp.models import MediaModel
from queueapp.services import catalog

_KEEP = 10
_KEY = "takers"
_KINDS = ("image", "video")

#: By kind of input: each model that takes it, as its id and the picker's name of it.
_Takers = dict[str, list[tuple[int, str]]]


def best(kind: str, model: MediaModel) -> str:
    """The picker's name of the model to give an input of this kind to; "" if none takes it.

    The same model if it can; then a preferred one, then one that makes the same, then the first.
    """
    found = _takers().get(kind, [])
    same = (name for pk, name in found if pk == model.pk)
    return next(same, found[0][1] if found else "")


def _takers() -> _Takers:
    """Reading a hundred schemas takes a while: what was read is kept for a few seconds."""
    kept: _Takers | None = cache.get(_KEY)
    if kept is None:
        names = catalog.public_names()
        models = [model for model in catalog.media_models() if model.pk in names]
        kept = {
            kind: [
                (model.pk, names[model.pk])
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
