"""Users cancel generations, with scripts and without."""

import json

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from queueapp.models import Generation
from queueapp.states import State
from tests import factories
from tests.pages import read

HTMX = {"HX-Request": "true"}


@pytest.fixture
def queued(alice: User) -> Generation:
    return factories.generation(alice)


def test_without_scripts_cancelling_leads_back_to_the_same_page(
    alices_browser: Client, queued: Generation
) -> None:
    page = f"http://testserver/generations/{queued.pk}/"
    url = read(alices_browser.get(page)).link("Cancel")
    response = alices_browser.post(url, headers={"Referer": page})
    assert response["Location"] == page
    queued.refresh_from_db()
    assert queued.state == State.CANCELLED


@pytest.mark.parametrize("referer", ["https://evil.example/", "javascript:alert(1)", ""])
def test_cancelling_never_leads_to_another_site(
    alices_browser: Client, queued: Generation, referer: str
) -> None:
    response = alices_browser.post(reverse("cancel", args=[queued.pk]), headers={"Referer": referer})
    assert response["Location"] == "/"


def test_with_scripts_cancelling_refreshes_the_page(alices_browser: Client, queued: Generation) -> None:
    response = alices_browser.post(reverse("cancel", args=[queued.pk]), headers=HTMX)
    assert response.status_code == 204
    assert json.loads(response["HX-Trigger"]) == {"drover:refresh": {}}
    queued.refresh_from_db()
    assert queued.state == State.CANCELLED


def test_cancelling_an_ended_generation_shows_a_message(alices_browser: Client, alice: User) -> None:
    succeeded = factories.generation(alice, State.SUCCEEDED)
    response = alices_browser.post(reverse("cancel", args=[succeeded.pk]), headers=HTMX)
    assert response.status_code == 204
    assert "ended already" in json.loads(response["HX-Trigger"])["drover:message"]["text"]
    succeeded.refresh_from_db()
    assert succeeded.state == State.SUCCEEDED


def test_without_scripts_cancelling_an_ended_generation_leads_back(
    alices_browser: Client, alice: User
) -> None:
    succeeded = factories.generation(alice, State.SUCCEEDED)
    assert alices_browser.post(reverse("cancel", args=[succeeded.pk]))["Location"] == "/"


def test_a_link_cannot_cancel(alices_browser: Client, queued: Generation) -> None:
    assert alices_browser.get(reverse("cancel", args=[queued.pk])).status_code == 405
    queued.refresh_from_db()
    assert queued.state == State.QUEUED


def test_retrying_a_download_that_is_not_needed_changes_nothing(
    alices_browser: Client, queued: Generation
) -> None:
    response = alices_browser.post(reverse("retry-download", args=[queued.pk]), headers=HTMX)
    assert response.status_code == 204
    assert json.loads(response["HX-Trigger"]) == {"drover:refresh": {}}
