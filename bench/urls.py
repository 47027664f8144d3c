"""Drover's URLs and `/bare/`: a signed-in view that does nothing."""

from django.http import HttpRequest, HttpResponse
from django.urls import path

from dashboard.access import sign_in_required
from dashboard.urls import urlpatterns as drover_urlpatterns


@sign_in_required
def bare(request: HttpRequest) -> HttpResponse:
    return HttpResponse("ok")


urlpatterns = [*drover_urlpatterns, path("bare/", bare)]
