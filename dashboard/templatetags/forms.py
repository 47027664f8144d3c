"""Template tags for form controls."""

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString

register = template.Library()


@register.simple_tag
def invalid(error: str, error_id: str) -> SafeString:
    """Render the attributes of a control that has an error. `error_id` is the id of the error's element."""
    if not error:
        return SafeString()
    return format_html('aria-invalid="true" aria-describedby="{}"', error_id)
