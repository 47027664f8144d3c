"""Template tags and filters of the pages: icons, times, posting buttons, and settings for the scripts."""

import functools
from datetime import datetime
from typing import Any

from django import template
from django.conf import settings
from django.templatetags.static import static
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html, json_script
from django.utils.safestring import SafeString

from dashboard.caching import cached
from dashboard.table.page import PAGE_SIZE
from queueapp.models import Connection
from queueapp.services.hubs.connections import stopped_connections as find_stopped_connections
from queueapp.states import LIVE

register = template.Library()

#: Seconds for which the stopped connections are cached: every page of the staff shows them.
_STOPPED_SECONDS = 5


@register.simple_tag
@functools.cache  # Pages show the same few icons many times, and their addresses never change while it runs.
def icon(name: str, css_class: str = "icon") -> SafeString:
    """Render one symbol of `static/icons.svg`. It is decorative: the text beside it says the same."""
    sprite = static("icons.svg")
    return format_html(
        '<svg class="{}" aria-hidden="true"><use href="{}#{}"></use></svg>', css_class, sprite, name
    )


@register.simple_tag
def post_to(url_name: str, *args: Any) -> SafeString:
    """Render the attributes of a submit button that posts to a URL, with htmx or without scripts."""
    return format_html(
        'form="post-form" formaction="{0}" hx-post="{0}" hx-swap="none" hx-sync="this:drop"',
        reverse(url_name, args=args),
    )


@register.simple_tag
def page_settings() -> SafeString:
    """Render the settings that scripts share with the server, as a block of JSON."""
    values = {
        "pageSize": PAGE_SIZE,
        "liveStates": LIVE,
        "maxInputBytes": settings.DROVER_MAX_INPUT_BYTES,
    }
    return json_script(values, "page-settings")


@register.simple_tag
def stopped_connections() -> list[Connection]:
    """Return the connections that need an admin before they work again."""

    def load() -> list[Connection]:
        return list(find_stopped_connections().defer("key", "check_report"))

    return cached("stopped-connections", _STOPPED_SECONDS, load)


@register.filter
def milliseconds(at: datetime) -> int:
    """Return a time in milliseconds since 1970, as scripts count it."""
    return int(at.timestamp() * 1000)


@register.filter
def relative_time(at: datetime) -> SafeString:
    """Render a time that drover.js shows as "4 min ago", with the exact time on hover."""
    return _time_element(at, "relative-time", "%-d %b, %H:%M")


@register.filter
def exact_time(at: datetime) -> SafeString:
    """Render a time of day to the second, with the date on hover."""
    return _time_element(at, "exact-time", "%H:%M:%S")


def _time_element(at: datetime, css_class: str, text_format: str) -> SafeString:
    local = timezone.localtime(at)
    return format_html(
        '<time class="{}" datetime="{}" title="{}">{}</time>',
        css_class,
        local.isoformat(),
        f"{local:%-d %B %Y, %H:%M:%S %Z}",
        local.strftime(text_format),
    )
