"""Users see whether a result that the hub has is being downloaded, retried, or given up."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from queueapp.models import Connection, Download, Generation
from queueapp.services import downloads
from queueapp.services.lifecycle.transitions import transition
from queueapp.states import State
from tests import factories
from tests.pages import Page, read


@pytest.fixture
def generation(alice: User) -> Generation:
    """A generation that has finished at a hub, with its first download due."""
    hub = Connection.objects.create(name="oxen", revision="current", base_url="http://127.0.0.1:9")
    generation = factories.enqueue(alice, factories.hub_model(hub).name)[0]
    for state in (State.SUBMITTING, State.PROCESSING, State.FINISHED):
        assert transition(generation, state)
    downloads.create_download(generation, "http://127.0.0.1:9/result.png")
    return generation


def result_of(browser: Client, generation: Generation) -> Page:
    page = read(browser.get(f"/generations/{generation.pk}/"))
    return read(str(page.one("#result")))


def pending_count(browser: Client, url: str = "/") -> str:
    return read(browser.get(url)).attribute("#version", "data-pending-count")


def update_download(**fields: object) -> None:
    Download.objects.update(last_error="The link answers 404.", **fields)


def test_a_first_download_is_shown_and_polled(alices_browser: Client, generation: Generation) -> None:
    result = result_of(alices_browser, generation)
    assert result.text == "Finished at the hub. Drover is downloading the result."
    assert not result.has_link("Retry now")
    assert "Downloading the result" in read(alices_browser.get("/")).row(generation).text
    assert pending_count(alices_browser) == "1"
    assert pending_count(alices_browser, f"/generations/{generation.pk}/") == "1"


def test_a_failed_download_shows_its_error_and_the_next_attempt(
    alices_browser: Client, generation: Generation
) -> None:
    update_download(attempts=2, next_attempt_at=timezone.now() + timedelta(hours=1))
    result = result_of(alices_browser, generation)
    assert "Result not stored yet The link answers 404. Next attempt at" in result.text
    assert result.link("Retry now") == f"/generations/{generation.pk}/retry-download/"
    row = read(alices_browser.get("/")).row(generation)
    assert "Result not stored yet: The link answers 404." in row.text
    assert pending_count(alices_browser) == "0"
    assert pending_count(alices_browser, f"/generations/{generation.pk}/") == "0"


def test_a_download_that_is_due_again_is_being_retried(
    alices_browser: Client, generation: Generation
) -> None:
    update_download(attempts=2, next_attempt_at=timezone.now())
    result = result_of(alices_browser, generation)
    assert "Retrying now." in result.text
    assert not result.has_link("Retry now")


def test_an_abandoned_download_says_what_it_means_and_what_to_do(
    alices_browser: Client, generation: Generation
) -> None:
    update_download(attempts=9, next_attempt_at=None)
    result = result_of(alices_browser, generation)
    assert "The result could not be stored The link answers 404. Drover stopped retrying." in result.text
    assert "look for it in the hub’s own account before you run it again" in result.text
    row = read(alices_browser.get("/")).row(generation)
    assert "Result not stored: The link answers 404." in row.text


def test_the_button_retries_an_abandoned_download(alices_browser: Client, generation: Generation) -> None:
    update_download(attempts=9, next_attempt_at=None)
    url = result_of(alices_browser, generation).link("Retry now")
    assert alices_browser.post(url).status_code == 302
    next_attempt_at = Download.objects.get().next_attempt_at
    assert next_attempt_at is not None
    assert next_attempt_at <= timezone.now()


def test_bob_cannot_retry_alices_download(bobs_browser: Client, generation: Generation) -> None:
    update_download(attempts=9, next_attempt_at=None)
    bobs_browser.post(f"/generations/{generation.pk}/retry-download/")
    assert Download.objects.get().next_attempt_at is None
