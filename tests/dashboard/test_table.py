"""The table shows the right rows in the right order, page by page and filtered."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from queueapp.models import Generation, MediaModel
from queueapp.states import State
from tests import factories
from tests.dashboard.history import create_history
from tests.pages import Page, read


def load(browser: Client, **filters: str) -> Page:
    return read(browser.get("/", filters))


@pytest.mark.parametrize("state", list(State))
def test_monitors_find_the_id_and_the_state_of_every_generation(
    alices_browser: Client, alice: User, state: State
) -> None:
    generation = factories.generation(alice, state)
    row = load(alices_browser).row(generation)
    assert row.status == state.value
    tag = f'<li id="generation-{generation.pk}" data-status="{state.value}"'
    assert tag in alices_browser.get("/").content.decode()


def test_the_newest_generation_comes_first(alices_browser: Client, alice: User) -> None:
    old, new = factories.generation(alice), factories.generation(alice)
    factories.age(old, minutes=5)
    assert load(alices_browser).row_ids == [str(new.pk), str(old.pk)]


def test_a_submission_of_four_has_four_rows(alices_browser: Client, alice: User) -> None:
    submission = factories.enqueue(alice, count=4)
    assert sorted(load(alices_browser).row_ids) == sorted(str(generation.pk) for generation in submission)


def test_pages_of_fifty_rows_follow_each_other_without_gaps_or_repetitions(
    alices_browser: Client, alice: User
) -> None:
    create_history(alice, 120)
    sizes, seen, url = [], [], "/"
    while url:
        page = read(alices_browser.get(url))
        sizes.append(len(page.rows))
        seen += page.row_ids
        older = page.one("#older")
        url = "" if older.has_attr("hidden") else str(older["href"])
    assert sizes == [50, 50, 20]
    assert len(set(seen)) == 120


def test_rows_of_the_same_moment_are_paged_too(alices_browser: Client, alice: User) -> None:
    create_history(alice, 60)
    Generation.objects.update(enqueued_at=timezone.now())
    first = load(alices_browser)
    second = read(alices_browser.get(first.link("Older")))
    assert len({*first.row_ids, *second.row_ids}) == 60


@pytest.mark.parametrize(
    ("group", "states"),
    [
        ("active", {"queued", "submitting", "uncertain", "processing"}),
        ("done", {"succeeded", "finished"}),
        ("failed", {"failed", "expired", "lost"}),
        ("cancelled", {"cancelled"}),
    ],
)
def test_the_filter_by_state_shows_the_states_of_its_group(
    alices_browser: Client, alice: User, group: str, states: set[str]
) -> None:
    for state in State:
        factories.generation(alice, state)
    page = load(alices_browser, state=group)
    assert {row.status for row in page.rows} == states
    assert page.texts(".segments [aria-current]") == [group.capitalize()]


def test_the_filter_by_model_shows_generations_of_that_model(alices_browser: Client, alice: User) -> None:
    factories.generation(alice)
    video = factories.enqueue(alice, "sketch-video")[0]
    assert load(alices_browser, model="sketch-video").row_ids == [str(video.pk)]
    assert load(alices_browser, model="builtin/sketch-video").row_ids == [str(video.pk)]
    assert load(alices_browser, model="no-such-model").row_ids == []


def test_the_search_finds_all_words_in_any_order_and_case(alices_browser: Client, alice: User) -> None:
    fox = factories.generation(alice, prompt="A red fox in the Snow")
    factories.generation(alice, prompt="a red car")
    assert load(alices_browser, q="snow RED").row_ids == [str(fox.pk)]
    assert load(alices_browser, q="red moon").row_ids == []


def test_the_search_ignores_case_of_all_letters(alices_browser: Client, alice: User) -> None:
    generation = factories.generation(alice, prompt="Äpfel und ÖL")
    assert load(alices_browser, q="äpfel öl").row_ids == [str(generation.pk)]


def test_the_search_does_not_treat_characters_as_wildcards(alices_browser: Client, alice: User) -> None:
    generation = factories.generation(alice, prompt="100% wool_knit")
    factories.generation(alice, prompt="1000 woolaknit")
    assert load(alices_browser, q="100% wool_").row_ids == [str(generation.pk)]


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ({"state": "nonsense"}, 200),
        ({"before": "nonsense"}, 200),
        ({"before": "9" * 20 + "-" + "f" * 32}, 200),
        ({"q": "\0"}, 200),
        ({"model": "\0"}, 200),
        ({"refresh": "²"}, 200),
        ({"from": "nonsense"}, 404),
    ],
)
def test_an_invalid_address_is_answered(
    alices_browser: Client, alice: User, query: dict[str, str], status: int
) -> None:
    factories.generation(alice)
    assert alices_browser.get("/", query).status_code == status


def test_an_empty_queue_says_what_to_do_next(alices_browser: Client) -> None:
    page = load(alices_browser)
    assert page.text_in(".empty h2") == "Your queue is empty"
    assert len(page.all("[data-example]")) == 3
    example = "a lighthouse at dawn, calm sea"
    assert read(alices_browser.get(page.link(example))).form().value("prompt") == example


def test_filters_without_a_match_say_so(alices_browser: Client) -> None:
    page = load(alices_browser, q="unicorn")
    assert page.text_in(".empty h2") == "No matches"
    assert page.link("Show all generations") == "/"


def test_a_running_row_shows_the_typical_duration_of_its_model(alices_browser: Client, alice: User) -> None:
    generation = factories.generation(alice, State.PROCESSING)
    assert "usually" not in load(alices_browser).row(generation).text
    MediaModel.objects.filter(name="sketch-image").update(median_seconds=12.3, p95_seconds=30)
    assert "usually about 12 s" in load(alices_browser).row(generation).text


def test_a_row_slower_than_95_percent_of_its_model_is_overdue(alices_browser: Client, alice: User) -> None:
    generation = factories.generation(alice, State.PROCESSING)
    MediaModel.objects.filter(name="sketch-image").update(median_seconds=1, p95_seconds=30)
    assert not load(alices_browser).row(generation).is_overdue
    Generation.objects.filter(pk=generation.pk).update(released_at=timezone.now() - timedelta(minutes=1))
    assert load(alices_browser).row(generation).is_overdue


def test_a_failed_row_shows_its_reason(alices_browser: Client, alice: User) -> None:
    generation = factories.generation(alice, State.FAILED)
    assert "The hub said no." in load(alices_browser).row(generation).text


def test_a_row_shows_its_model_and_parameters(alices_browser: Client, alice: User) -> None:
    generation = factories.generation(alice, aspect_ratio="16:9", seed=7, output_format="webp", extra=1)
    page = load(alices_browser)
    assert page.texts(".meta > *") == ["Sketch Image", "16:9 · seed 7 · output format webp"]
    assert page.attribute(f'[id="generation-{generation.pk}"] .model', "title") == "Sketch Image · builtin"


def test_a_prompt_is_text_and_never_markup(alices_browser: Client, alice: User) -> None:
    prompt = '<img src=x onerror="alert(1)">'
    generation = factories.generation(alice, prompt=prompt)
    page = load(alices_browser)
    assert not page.has('img[src="x"]')
    assert prompt in page.row(generation).text


def test_a_poll_with_too_many_changes_brings_the_page_and_its_link_to_older_rows(
    alices_browser: Client, alice: User
) -> None:
    create_history(alice, 60)
    page = read(alices_browser.get("/generations/changes/"))
    assert page.has('ul[hx-swap-oob="rows-all:#rows"]')
    assert len(page.rows) == 50
    assert page.attribute("#older", "hx-swap-oob") == "true"
    assert page.link("Older").startswith("/?before=")


@pytest.mark.parametrize(("query", "seconds"), [("5", "5"), ("1", "2"), ("9999", "60")])
def test_a_page_without_scripts_can_reload_itself(alices_browser: Client, query: str, seconds: str) -> None:
    page = load(alices_browser, refresh=query)
    assert page.attribute('noscript meta[http-equiv="refresh"]', "content") == seconds


def test_a_page_does_not_reload_itself_unless_asked_to(alices_browser: Client) -> None:
    page = load(alices_browser)
    assert not page.has('meta[http-equiv="refresh"]')
    assert page.link("Reload it every 5 seconds") == "/?refresh=5"
