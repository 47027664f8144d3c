"""The poll: 204 when nothing changed, else only the changed rows, and a token that never misses one."""

import re

import pytest
from django.contrib.auth.models import User
from django.test import Client

from dashboard import table, versions
from queueapp.models import Generation
from queueapp.services import generations
from queueapp.services.lifecycle.transitions import transition
from queueapp.states import State
from tests import factories

SINCE = re.compile(r'name="since" value="([^"]*)"')
ROW = re.compile(r'<li id="generation-([0-9a-f-]{36})" data-status="([a-z]+)"')
GOING = re.compile(r'data-going="(\d+)"')


def token_of(html: str) -> str:
    found = SINCE.search(html)
    assert found is not None
    return found[1]


def ask(browser: Client, since: str, **filters: str) -> str | None:
    """The changes since a token, or None for "nothing"."""
    answer = browser.get("/generations/changes/", {"since": since, **filters}, headers={"HX-Request": "true"})
    if answer.status_code == 204:
        assert answer.content == b""
        return None
    assert answer.status_code == 200
    return answer.content.decode()


def test_nothing_is_answered_while_nothing_changes(alices_browser: Client, alice: User) -> None:
    factories.generation(alice)
    assert ask(alices_browser, token_of(alices_browser.get("/").content.decode())) is None


def test_a_submission_by_a_script_turns_up(alices_browser: Client, alice: User) -> None:
    seen = token_of(alices_browser.get("/").content.decode())
    made = factories.generation(alice)
    html = ask(alices_browser, seen)
    assert html is not None
    assert ROW.findall(html) == [(str(made.pk), "queued")]


def test_only_the_changed_row_is_sent(alices_browser: Client, alice: User) -> None:
    made = factories.enqueue(alice, count=3)
    seen = token_of(alices_browser.get("/").content.decode())
    transition(made[1], State.SUBMITTING)
    html = ask(alices_browser, seen)
    assert html is not None
    assert ROW.findall(html) == [(str(made[1].pk), "submitting")]
    assert 'hx-swap-oob="rows:#rows"' in html


def test_each_answer_carries_the_token_of_the_next_question(alices_browser: Client, alice: User) -> None:
    seen = token_of(alices_browser.get("/").content.decode())
    factories.generation(alice)
    html = ask(alices_browser, seen)
    assert html is not None
    assert ask(alices_browser, token_of(html)) is None


def test_a_cancel_that_waits_for_its_answer_is_a_change(alices_browser: Client, alice: User) -> None:
    made = factories.generation(alice, State.PROCESSING)
    seen = token_of(alices_browser.get("/").content.decode())
    generations.cancel(made, alice)
    html = ask(alices_browser, seen)
    assert html is not None
    assert "Cancelling" in html
    assert "formaction" not in html


def test_bobs_work_does_not_wake_alice(alices_browser: Client, alice: User, bob: User) -> None:
    seen = token_of(alices_browser.get("/").content.decode())
    factories.generation(bob)
    assert ask(alices_browser, seen) is None


@pytest.mark.parametrize("token", ["", "nonsense", "1:", "1:2.", "9" * 60, "1:-5", "²:3"])
def test_a_token_that_cannot_be_read_brings_the_newest_rows(
    alices_browser: Client, alice: User, token: str
) -> None:
    made = factories.generation(alice)
    html = ask(alices_browser, token)
    assert html is not None
    assert ROW.findall(html) == [(str(made.pk), "queued")]


def test_a_token_is_read_as_it_was_written() -> None:
    assert str(versions.Token.read("3:14.15:92")) == "3:14.15:92"
    assert versions.Token.read("3:14.15:92") == {3: 14, 15: 92}


def test_under_a_filter_a_new_match_is_shown_and_others_are_not(alices_browser: Client, alice: User) -> None:
    seen = token_of(alices_browser.get("/", {"q": "fox"}).content.decode())
    fox = factories.generation(alice, prompt="a fox")
    factories.generation(alice, prompt="a boat")
    html = ask(alices_browser, seen, q="fox")
    assert html is not None
    assert ROW.findall(html) == [(str(fox.pk), "queued")]


def test_a_row_that_leaves_the_filter_by_state_changes_where_it_is(
    alices_browser: Client, alice: User
) -> None:
    made = factories.generation(alice)
    seen = token_of(alices_browser.get("/", {"state": "active"}).content.decode())
    generations.cancel(made, alice)
    html = ask(alices_browser, seen, state="active")
    assert html is not None
    assert 'hx-swap-oob="rows-known:#rows"' in html
    assert 'hx-swap-oob="rows:#rows"' not in html
    assert ROW.findall(html) == [(str(made.pk), "cancelled")]


def test_a_page_of_the_past_is_not_told_of_what_is_newer(alices_browser: Client, alice: User) -> None:
    old = factories.generation(alice)
    factories.age(old, hours=1)
    old.refresh_from_db()
    before = table.sort_key(old.enqueued_at, old.pk)
    seen = token_of(alices_browser.get("/").content.decode())
    factories.generation(alice)
    html = ask(alices_browser, seen, before=before)
    assert html is not None
    assert ROW.findall(html) == []


def test_after_a_long_absence_the_newest_fifty_are_sent(alices_browser: Client, alice: User) -> None:
    seen = token_of(alices_browser.get("/").content.decode())
    for _ in range(15):
        factories.enqueue(alice, count=4)
    html = ask(alices_browser, seen)
    assert html is not None
    newest = Generation.objects.order_by("-enqueued_at", "-id")[:50]
    assert [found for found, _ in ROW.findall(html)] == [str(each.pk) for each in newest]


def test_the_page_is_told_how_many_are_going(alices_browser: Client, alice: User) -> None:
    made = factories.enqueue(alice, count=3)
    html = alices_browser.get("/").content.decode()
    assert GOING.findall(html) == ["3"]
    assert "<title>(3) Drover</title>" in html
    generations.cancel(made[0], alice)
    assert GOING.findall(ask(alices_browser, token_of(html)) or "") == ["2"]


def test_a_change_during_the_answer_is_told_next_time(
    alices_browser: Client, alice: User, monkeypatch
) -> None:
    """The versions are read before the rows: a row that slips in between is sent twice, never lost."""
    real = table.page

    def late(namespaces, filters):
        factories.generation(alice)
        return real(namespaces, filters)

    monkeypatch.setattr(table, "page", late)
    html = alices_browser.get("/").content.decode()
    assert len(ROW.findall(html)) == 1
    assert len(ROW.findall(ask(alices_browser, token_of(html)) or "")) == 1
