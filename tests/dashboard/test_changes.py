"""A poll answers 204 while nothing changed, else with the changed rows only, and misses no change."""

import pytest
from django.contrib.auth.models import User
from django.test import Client

from dashboard import queue_page
from dashboard.table.rows import sort_key
from dashboard.table.versions import VersionToken
from queueapp.models import Generation
from queueapp.services import generations
from queueapp.services.lifecycle.transitions import transition
from queueapp.states import State
from tests import factories
from tests.pages import Page, read

#: Lists of a poll's answer: rows to insert or replace, rows only to replace, a whole page.
INSERTED = 'ul[hx-swap-oob="rows:#rows"]'
REPLACED = 'ul[hx-swap-oob="rows-replace:#rows"]'
WHOLE_PAGE = 'ul[hx-swap-oob="rows-all:#rows"]'


def load(browser: Client, **filters: str) -> Page:
    return read(browser.get("/", filters))


def poll(browser: Client, since: str, **filters: str) -> Page | None:
    """Return the changes since a version; None if there are none."""
    response = browser.get(
        "/generations/changes/", {"since": since, **filters}, headers={"HX-Request": "true"}
    )
    if response.status_code == 204:
        assert response.content == b""
        return None
    assert response.status_code == 200
    return read(response)


def poll_changes(browser: Client, since: str, **filters: str) -> Page:
    changes = poll(browser, since, **filters)
    assert changes is not None
    return changes


def rows_of(page: Page) -> list[tuple[str, str]]:
    return [(row.id, row.status) for row in page.rows]


def test_a_poll_answers_nothing_while_nothing_changes(alices_browser: Client, alice: User) -> None:
    factories.generation(alice)
    assert poll(alices_browser, load(alices_browser).version) is None


def test_a_submission_by_a_script_appears(alices_browser: Client, alice: User) -> None:
    version = load(alices_browser).version
    generation = factories.generation(alice)
    changes = poll_changes(alices_browser, version)
    assert rows_of(changes) == [(str(generation.pk), "queued")]
    assert changes.has(INSERTED)


def test_a_poll_sends_only_the_changed_row(alices_browser: Client, alice: User) -> None:
    submission = factories.enqueue(alice, count=3)
    version = load(alices_browser).version
    transition(submission[1], State.SUBMITTING)
    changes = poll_changes(alices_browser, version)
    assert rows_of(changes) == [(str(submission[1].pk), "submitting")]
    assert changes.has(INSERTED)


def test_each_answer_carries_the_version_for_the_next_poll(alices_browser: Client, alice: User) -> None:
    version = load(alices_browser).version
    factories.generation(alice)
    changes = poll_changes(alices_browser, version)
    assert poll(alices_browser, changes.version) is None


def test_a_pending_cancel_is_a_change(alices_browser: Client, alice: User) -> None:
    generation = factories.generation(alice, State.PROCESSING)
    page = load(alices_browser)
    assert page.row(generation).buttons == ["Cancel"]
    generations.cancel(generation, alice)
    row = poll_changes(alices_browser, page.version).row(generation)
    assert "Cancelling" in row.text
    assert row.buttons == []


def test_changes_of_bob_are_no_changes_for_alice(alices_browser: Client, alice: User, bob: User) -> None:
    version = load(alices_browser).version
    factories.generation(bob)
    assert poll(alices_browser, version) is None


@pytest.mark.parametrize("version", ["", "nonsense", "1:", "1:2.", "9" * 60, "1:-5", "²:3"])
def test_a_malformed_version_brings_the_newest_rows(
    alices_browser: Client, alice: User, version: str
) -> None:
    generation = factories.generation(alice)
    assert rows_of(poll_changes(alices_browser, version)) == [(str(generation.pk), "queued")]


def test_a_version_is_parsed_as_it_was_written() -> None:
    assert str(VersionToken.parse("3:14.15:92")) == "3:14.15:92"
    assert VersionToken.parse("3:14.15:92") == {3: 14, 15: 92}


def test_a_filtered_page_gets_new_matches_only(alices_browser: Client, alice: User) -> None:
    version = load(alices_browser, q="fox").version
    fox = factories.generation(alice, prompt="a fox")
    factories.generation(alice, prompt="a boat")
    assert rows_of(poll_changes(alices_browser, version, q="fox")) == [(str(fox.pk), "queued")]


def test_a_row_that_leaves_the_filter_by_state_is_updated_in_place(
    alices_browser: Client, alice: User
) -> None:
    generation = factories.generation(alice)
    version = load(alices_browser, state="active").version
    generations.cancel(generation, alice)
    changes = poll_changes(alices_browser, version, state="active")
    assert changes.has(REPLACED)
    assert not changes.has(INSERTED)
    assert rows_of(changes) == [(str(generation.pk), "cancelled")]


def test_a_page_of_older_rows_gets_no_newer_ones(alices_browser: Client, alice: User) -> None:
    old = factories.generation(alice)
    factories.age(old, hours=1)
    old.refresh_from_db()
    before = sort_key(old.enqueued_at, old.pk)
    version = load(alices_browser).version
    factories.generation(alice)
    assert rows_of(poll_changes(alices_browser, version, before=before)) == []


def test_a_page_that_missed_too_many_changes_gets_the_newest_fifty_rows(
    alices_browser: Client, alice: User
) -> None:
    version = load(alices_browser).version
    for _ in range(15):
        factories.enqueue(alice, count=4)
    changes = poll_changes(alices_browser, version)
    newest = Generation.objects.order_by("-enqueued_at", "-id")[:50]
    assert changes.has(WHOLE_PAGE)
    assert changes.row_ids == [str(generation.pk) for generation in newest]


def test_the_title_counts_the_live_generations(alices_browser: Client, alice: User) -> None:
    submission = factories.enqueue(alice, count=3)
    page = load(alices_browser)
    assert page.title == "(3) Drover"
    assert page.attribute("#version", "data-live-count") == "3"
    generations.cancel(submission[0], alice)
    changes = poll_changes(alices_browser, page.version)
    assert changes.attribute("#version", "data-live-count") == "2"


def test_a_page_polls_fast_only_while_something_may_change(alices_browser: Client, alice: User) -> None:
    assert load(alices_browser).attribute("#version", "data-pending-count") == "0"
    factories.generation(alice)
    assert load(alices_browser).attribute("#version", "data-pending-count") == "1"


def test_a_change_while_the_page_loads_comes_with_the_next_poll(
    alices_browser: Client, alice: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    load_page = queue_page.load_page

    def enqueue_then_load(namespaces, filters):
        factories.generation(alice)
        return load_page(namespaces, filters)

    monkeypatch.setattr(queue_page, "load_page", enqueue_then_load)
    page = load(alices_browser)
    assert len(page.rows) == 1
    assert poll_changes(alices_browser, page.version).row_ids == page.row_ids
