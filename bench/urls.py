"""Drover's addresses and `/bare/`: what a signed-in view costs that does nothing."""

from django.http import HttpRequest, HttpResponse
from django.urls import path

from dashboard.access import sign_in_required
from dashboard.urls import urlpatterns as drover


@sign_in_required
def bare(request: HttpRequest) -> HttpResponse:
    return HttpResponse("ok")


urlpatterns = [*drover, path("bare/", bare)]
