"""Signing in."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render


def locked_out(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
    """The answer to a sign-in after too many wrong ones."""
    return render(request, "account/locked.html", status=429)
