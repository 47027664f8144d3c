"""What every page shows: times, which the script makes relative and local, and what staff must see to."""

from datetime import datetime

from django import template
from django.core.cache import cache
from django.templatetags.static import static
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

from queueapp.models import Connection
from queueapp.services.hubs import connections

register = template.Library()

#: Seconds for which the stopped connections are remembered: pages are loaded far more often than they change.
_KEEP = 5
_STOPPED = "connections:stopped"


@register.simple_tag
def icon(name: str, css_class: str = "icon") -> SafeString:
    """Render one symbol of `static/icons.svg`. It is decorative: the text beside it says the same."""
    sprite = static("icons.svg")
    return format_html(
        '<svg class="{}" aria-hidden="true"><use href="{}#{}"></use></svg>', css_class, sprite, name
    )


@register.simple_tag
def stopped_connections() -> list[Connection]:
    """The connections that staff must see to."""
    found: list[Connection] | None = cache.get(_STOPPED)
    if found is None:
        found = list(connections.stopped_connections().defer("key", "check_report"))
        cache.set(_STOPPED, found, _KEEP)
    return found


@register.filter
def millis(at: datetime) -> int:
    """A moment as scripts count it."""
    return int(at.timestamp() * 1000)


@register.filter
def moment(at: datetime) -> SafeString:
    """A moment that the script shows as "4 min ago"; the exact time on hover."""
    return _time(at, "ago", "%-d %b, %H:%M")


@register.filter
def exactly(at: datetime) -> SafeString:
    """A moment of a timeline: the time of day, to the second."""
    return _time(at, "exact", "%H:%M:%S")


def _time(at: datetime, kind: str, shown: str) -> SafeString:
    local = timezone.localtime(at)
    return format_html(
        '<time class="{}" datetime="{}" title="{}">{}</time>',
        kind,
        local.isoformat(),
        f"{local:%-d %B %Y, %H:%M:%S %Z}",
        local.strftime(shown),
    )
