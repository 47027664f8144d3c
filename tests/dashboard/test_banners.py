"""Users see why their generations wait when a hub has a problem."""

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from queueapp.models import Connection, Generation
from queueapp.services.hubs import health
from queueapp.services.lifecycle.transitions import transition
from queueapp.states import State
from tests import factories
from tests.pages import Page, read


@pytest.fixture
def queued(alice: User) -> Generation:
    hub = Connection.objects.create(name="oxen", revision="current", base_url="http://127.0.0.1:9")
    return factories.enqueue(alice, factories.hub_model(hub).name)[0]


def page_of(browser: Client, generation: Generation) -> Page:
    return read(browser.get(f"/generations/{generation.pk}/"))


def poll(browser: Client, owner: User) -> Any:
    """Poll with the version that the owner's namespace had at the poll before."""
    version = f"{owner.namespace.pk}:{owner.namespace.version}"
    response = browser.get("/generations/changes/", {"since": version}, headers={"HX-Request": "true"})
    owner.namespace.refresh_from_db()
    return response


def test_users_see_why_their_generations_wait(
    queued: Generation, alices_browser: Client, bobs_browser: Client
) -> None:
    health.stop(queued.connection, Connection.StopReason.CREDITS, "Insufficient credits")
    assert "its account is out of credits" in read(alices_browser.get("/")).text_in("#banners")
    assert "its account is out of credits" in page_of(alices_browser, queued).text_in("#result")
    assert "out of credits" not in read(bobs_browser.get("/")).text


def test_an_open_page_shows_a_problem_when_it_begins_and_hides_it_when_it_ends(
    queued: Generation, alice: User, alices_browser: Client
) -> None:
    alice.namespace.refresh_from_db()
    assert poll(alices_browser, alice).status_code == 204
    for _ in range(health.FAILING_AFTER):
        health.record_submit_failure(queued.connection, "No answer from the hub.")
    assert "No answer from the hub." in read(poll(alices_browser, alice)).text_in("#banners")
    health.record_submit_success(queued.connection)
    assert read(poll(alices_browser, alice)).text_in("#banners") == ""


def test_the_page_of_a_queued_generation_shows_the_error_of_the_first_attempt(
    queued: Generation, alices_browser: Client
) -> None:
    health.record_submit_failure(queued.connection, "127.0.0.1:9 does not accept connections.")
    assert "127.0.0.1:9 does not accept connections." in page_of(alices_browser, queued).text_in("#result")
    assert "does not accept connections" not in read(alices_browser.get("/")).text


def test_a_running_generation_does_not_wait_for_a_stopped_connection(
    queued: Generation, alices_browser: Client
) -> None:
    assert transition(queued, State.SUBMITTING)
    assert transition(queued, State.PROCESSING)
    health.stop(queued.connection, Connection.StopReason.KEY, "unauthenticated")
    assert "does not accept its key" not in page_of(alices_browser, queued).text


@pytest.mark.parametrize(
    ("reason", "failed"), [(Connection.StopReason.CREDITS, True), (Connection.StopReason.KEY, False)]
)
def test_staff_see_on_every_page_which_connections_are_stopped(
    queued: Generation,
    admins_browser: Client,
    alices_browser: Client,
    reason: Connection.StopReason,
    failed: bool,
) -> None:
    health.stop(queued.connection, reason, "The hub said no")
    page = read(admins_browser.get("/account/"))
    text = page.text_in(".banner")
    assert text.startswith(f"oxen: {reason.label}.")
    assert "The hub answered: “The hub said no”." in text
    assert ("Generations that the hub refused have failed." in text) == failed
    assert "Waiting generations stay queued." in text
    assert page.link("Open the connection") == f"/admin/queueapp/connection/{queued.connection_id}/change/"
    assert not read(alices_browser.get("/account/")).has(".banner")
