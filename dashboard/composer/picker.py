"""The model picker: a select with all available models, grouped by what they make.

Its options are the same for every user. With a hub's hundred models they are the largest part of the page,
so their HTML is cached. A disabled model stays in the list until the cache expires.
"""

from dataclasses import dataclass
from itertools import groupby

from django.template.loader import render_to_string
from django.utils.html import escape, format_html
from django.utils.safestring import SafeString, mark_safe

from dashboard.caching import cached
from queueapp.errors import DroverError
from queueapp.models import Connection, MediaModel
from queueapp.services import catalog

_CACHE_SECONDS = 10
_CACHE_KEY = "composer:picker-options"
_GROUP_LABELS = {MediaModel.Media.IMAGE: "Images", MediaModel.Media.VIDEO: "Videos"}


@dataclass(frozen=True, slots=True)
class Option:
    """A model in the picker. `value` is its bare name, or `connection/name` if another has that name."""

    value: str
    label: str
    connection: str
    media_type: str
    is_preferred: bool


def list_options() -> list[Option]:
    """Return all available models: images, then videos; preferred models first, then by label."""
    names = catalog.public_names()
    columns = ("pk", "display_name", "connection__name", "media_type", "preferred")
    options = [
        Option(names[pk], display_name or names[pk], connection, media_type, preferred)
        for pk, display_name, connection, media_type, preferred in (
            catalog.available_media_models().values_list(*columns)
        )
        if pk in names
    ]
    group_order = list(_GROUP_LABELS)
    return sorted(
        options,
        key=lambda option: (
            group_order.index(MediaModel.Media(option.media_type)),
            not option.is_preferred,
            option.label.lower(),
        ),
    )


def options_html(selected: str = "") -> SafeString:
    """Render the options of the picker, one of them selected."""
    html = cached(_CACHE_KEY, _CACHE_SECONDS, _render_options)
    value = f'value="{escape(selected)}"'
    return mark_safe(html.replace(value, f"{value} selected", 1) if selected else html)  # noqa: S308


def filter_options_html(selected: str = "") -> SafeString:
    """Render the options of the table's filter: those of the picker, and the selected model in any case."""
    html = options_html(selected)
    if selected and f'value="{escape(selected)}"' not in html:
        html += format_html('<option value="{}" selected>{}</option>', selected, selected)
    return html


def _render_options() -> str:
    groups = [
        (_GROUP_LABELS[MediaModel.Media(media_type)], list(options))
        for media_type, options in groupby(list_options(), key=lambda option: option.media_type)
    ]
    return render_to_string("parts/model_options.html", {"groups": groups})


def find_model(name: str) -> MediaModel | None:
    """Return the model of a name. Without one, return the model to start with; None if none is available."""
    try:
        return catalog.find_media(name)
    except DroverError:
        return _default_model(must_be_free=not name)


def _default_model(*, must_be_free: bool) -> MediaModel | None:
    """Return a preferred model, else one that makes images, else any.

    With `must_be_free`, image models of the built-in engine come before those of hubs, which cost money.
    """
    models = catalog.available_media_models()
    images = models.filter(media_type=MediaModel.Media.IMAGE)
    free_images = images.filter(connection__kind=Connection.Kind.BUILTIN)
    preferred = models.filter(preferred=True).first()
    free = free_images.first() if must_be_free and preferred is None else None
    return preferred or free or images.first() or models.first()


def option_value(model: MediaModel) -> str:
    """Return the value of a model's option in the picker."""
    return catalog.public_names().get(model.pk, model.name)
