"""Remember the model that a user submitted last, in a cookie."""

from datetime import timedelta
from urllib.parse import quote, unquote

from django.conf import settings
from django.http import HttpRequest, HttpResponse

_NAME = "drover_model"
_MAX_AGE = timedelta(days=180)


def remember_model(response: HttpResponse, model_name: str) -> None:
    """Set the cookie. The name is quoted: with other characters than ASCII the header would be invalid."""
    response.set_cookie(
        _NAME,
        quote(model_name),
        max_age=_MAX_AGE,
        httponly=True,
        secure=settings.SESSION_COOKIE_SECURE,
        samesite="Lax",
    )


def remembered_model(request: HttpRequest) -> str:
    """Return the name of the model, "" if none is remembered."""
    return unquote(request.COOKIES.get(_NAME, ""))
