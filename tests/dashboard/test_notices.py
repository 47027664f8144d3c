"""What people are told when a hub is in trouble."""

import pytest

from queueapp.models import Connection
from queueapp.services.hubs import health
from tests import factories


@pytest.fixture
def made(alice):
    hub = Connection.objects.create(name="oxen", revision="current", base_url="http://127.0.0.1:9")
    return factories.enqueue(alice, factories.hub_model(hub).name)[0]


def text_of(browser, path: str) -> str:
    return browser.get(path).content.decode()


def test_people_are_told_why_their_work_waits(made, alices_browser, bobs_browser):
    health.stop(made.connection, Connection.StopReason.CREDITS, "Insufficient credits")
    assert "its account is out of credits" in text_of(alices_browser, "/")
    assert "its account is out of credits" in text_of(alices_browser, f"/generations/{made.pk}/")
    assert "out of credits" not in text_of(bobs_browser, "/")


def test_an_open_page_is_told_when_it_begins_and_when_it_is_over(made, alice, alices_browser):
    def asks() -> str:
        token = f"{alice.namespace.pk}:{alice.namespace.version}"
        answer = alices_browser.get(f"/generations/changes/?since={token}", headers={"HX-Request": "true"})
        alice.namespace.refresh_from_db()
        return answer.content.decode()

    alice.namespace.refresh_from_db()
    assert asks() == ""
    for _ in range(health.FAILING_AFTER):
        health.record_submit_failure(made.connection, "No answer from the hub.")
    assert "No answer from the hub." in asks()
    health.record_submit_success(made.connection)
    told = asks()
    assert 'id="held-up"' in told
    assert "No answer" not in told


def test_what_waits_says_from_the_first_try_on_what_that_met(made, alices_browser):
    health.record_submit_failure(made.connection, "127.0.0.1:9 does not accept connections.")
    assert "127.0.0.1:9 does not accept connections." in text_of(alices_browser, f"/generations/{made.pk}/")
    assert "does not accept connections" not in text_of(alices_browser, "/")


def test_a_stop_is_not_said_to_keep_what_the_hub_has(made, alices_browser):
    from queueapp.services.lifecycle.transitions import transition
    from queueapp.states import State

    assert transition(made, State.SUBMITTING)
    assert transition(made, State.PROCESSING)
    health.stop(made.connection, Connection.StopReason.KEY, "unauthenticated")
    assert "does not accept its key" not in text_of(alices_browser, f"/generations/{made.pk}/")
