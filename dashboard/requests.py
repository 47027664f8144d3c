"""Define the request type of the pages."""

from django.contrib.auth.models import User
from django.http import HttpRequest
from django_htmx.middleware import HtmxDetails


class HtmxHttpRequest(HttpRequest):
    """A request as the views behind `sign_in_required` get it: from a signed-in user, with htmx's headers."""

    htmx: HtmxDetails
    user: User
