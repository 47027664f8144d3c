"""The model picker: every model that can be asked for, by what it makes, each with its connection.

Its HTML is the same for everybody and, with a hub's hundred models, the largest part of the page, so it is
kept for a few seconds; as long may a model that was switched off stay in the list.
"""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby

from django.core.cache import cache
from django.template.loader import render_to_string
from django.utils.html import escape, format_html
from django.utils.safestring import SafeString, mark_safe

from dashboard.forms import Composer
from queueapp.errors import DroverError
from queueapp.models import Connection, MediaModel
from queueapp.services import catalog

_KEEP = 10
_OPTIONS, _COMPOSER = "picker:options", "picker:composer:"
_GROUPS = {MediaModel.Media.IMAGE: "Images", MediaModel.Media.VIDEO: "Videos"}


@dataclass(frozen=True, slots=True)
class Option:
    """A model in the picker. `value` is its bare name, or `connection/name` where that means another."""

    value: str
    label: str
    connection: str
    media: str
    preferred: bool


def offers() -> list[Option]:
    """Every model to choose from: images, then videos; of each the preferred ones first, then by name."""
    names = catalog.public_names()
    fields = ("pk", "display_name", "connection__name", "media_type", "preferred")
    found = [
        Option(names[pk], display or names[pk], connection, media, preferred)
        for pk, display, connection, media, preferred in catalog.available_media_models().values_list(*fields)
        if pk in names
    ]
    return sorted(found, key=_place)


def _place(option: Option) -> tuple[int, bool, str]:
    order = [media.value for media in _GROUPS]
    return order.index(option.media), not option.preferred, option.label.lower()


def options_html(chosen: str = "") -> SafeString:
    """The picker's `<option>`s with one of them chosen."""
    html: str | None = cache.get(_OPTIONS)
    if html is None:
        groups = [(_GROUPS[MediaModel.Media(media)], list(found)) for media, found in _grouped()]
        html = render_to_string("parts/model_options.html", {"groups": groups})
        cache.set(_OPTIONS, html, _KEEP)
    mark = f'value="{escape(chosen)}"'
    return mark_safe(html.replace(mark, f"{mark} selected", 1) if chosen else html)  # noqa: S308


def filter_html(chosen: str = "") -> SafeString:
    """The `<option>`s of the filter: the picker's, and what is chosen although not offered now."""
    html = options_html(chosen)
    if chosen and f'value="{escape(chosen)}"' not in html:
        html += format_html('<option value="{}" selected>{}</option>', chosen, chosen)
    return html


def _grouped() -> Iterator[tuple[str, Iterator[Option]]]:
    return groupby(offers(), key=lambda option: option.media)


def model_for(name: str) -> MediaModel | None:
    """The model to compose for: the named one, or else a preferred one, or else the best connection's first;
    where none is named, rather one that costs nothing. None if there is none."""
    try:
        return catalog.find_media(name)
    except DroverError:
        offered = catalog.available_media_models()
        images = offered.filter(media_type=MediaModel.Media.IMAGE)
        # Who has not chosen yet is not led to what costs money.
        free = images.none() if name else images.filter(connection__kind=Connection.Kind.BUILTIN)
        return offered.filter(preferred=True).first() or free.first() or images.first() or offered.first()


def value_of(model: MediaModel) -> str:
    """How the picker names a model."""
    return catalog.public_names().get(model.pk, model.name)


def blank_composer_html(name: str) -> SafeString:
    """The composer's inside with nothing typed, for the named model or the first."""
    key = _COMPOSER + hashlib.sha256(name.encode(errors="replace")).hexdigest()
    html: str | None = cache.get(key)
    if html is None:
        html = composer_html(Composer(model_for(name)).begin())
        cache.set(key, html, _KEEP)
    return mark_safe(html)  # noqa: S308


def composer_html(composer: Composer) -> SafeString:
    """The composer's inside."""
    chosen = value_of(composer.model) if composer.model else ""
    context = {"composer": composer, "model_options": options_html(chosen)}
    return render_to_string("generations/_composer.html", context)
