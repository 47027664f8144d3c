"""Times as every page shows them. The script makes them relative and local; without it they stay exact."""

from datetime import datetime

from django import template
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

register = template.Library()


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
