"""The table: what it shows, in which order, and that a long history costs no more than a short one."""

import re
from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from dashboard import table, versions
from queueapp.models import Generation, MediaModel, Namespace, Submission
from queueapp.services import accounts
from queueapp.states import State
from tests import factories

ROW = re.compile(r'<li id="generation-([0-9a-f-]{36})" data-status="([a-z]+)"')


def rows(browser: Client, **filters: str) -> list[tuple[str, str]]:
    return ROW.findall(browser.get("/", filters).content.decode())


def ids(browser: Client, **filters: str) -> list[str]:
    return [found for found, _ in rows(browser, **filters)]


def history(owner: User, count: int) -> None:
    """A past of this length, written in one go."""
    namespace, model, now = accounts.get_or_create_namespace(owner), factories.model(), timezone.now()
    submission = Submission.objects.create(
        namespace=namespace, user=owner, model=model, model_name=model.name, num_generations=1,
        prompt="long ago", params={"prompt": "long ago"},
    )  # fmt: skip
    Generation.objects.bulk_create(
        Generation(
            submission=submission, namespace=namespace, user=owner, model=model, connection=model.connection,
            ordinal=number, version=1, state=State.CANCELLED,
            enqueued_at=now - timedelta(hours=1, seconds=number), ended_at=now,
        )
        for number in range(count)
    )  # fmt: skip


@pytest.mark.parametrize("state", list(State))
def test_a_row_of_every_state_names_itself_and_its_state_first(
    alices_browser: Client, alice: User, state: State
) -> None:
    made = factories.generation(alice, state)
    assert rows(alices_browser) == [(str(made.pk), state.value)]


def test_the_newest_stands_first(alices_browser: Client, alice: User) -> None:
    old, new = factories.generation(alice), factories.generation(alice)
    factories.age(old, minutes=5)
    assert ids(alices_browser) == [str(new.pk), str(old.pk)]


def test_a_submission_of_four_has_four_rows(alices_browser: Client, alice: User) -> None:
    made = factories.enqueue(alice, count=4)
    assert sorted(ids(alices_browser)) == sorted(str(each.pk) for each in made)


def test_pages_of_fifty_follow_each_other_without_gap_or_repeat(alices_browser: Client, alice: User) -> None:
    history(alice, 120)
    seen: list[str] = []
    link = "/"
    while link:
        html = alices_browser.get(link).content.decode()
        seen += [found for found, _ in ROW.findall(html)]
        older = re.search(r'id="older" class="button" href="([^"]+)"( hidden)?', html)
        assert older is not None
        link = "" if older[2] else older[1].replace("&amp;", "&")
    assert len(seen) == len(set(seen)) == 120


def test_rows_of_one_moment_are_paged_through_too(alices_browser: Client, alice: User) -> None:
    history(alice, 60)
    Generation.objects.update(enqueued_at=timezone.now())
    first = alices_browser.get("/").content.decode()
    cursor = re.search(r"before=(\d+-[0-9a-f]+)", first)
    assert cursor is not None
    assert len({*ids(alices_browser), *ids(alices_browser, before=cursor[1])}) == 60


@pytest.mark.parametrize(
    ("group", "states"),
    [
        ("active", {"queued", "submitting", "uncertain", "processing"}),
        ("done", {"succeeded", "finished"}),
        ("failed", {"failed", "expired", "lost"}),
        ("cancelled", {"cancelled"}),
    ],
)
def test_a_filter_shows_the_states_of_its_group(
    alices_browser: Client, alice: User, group: str, states: set[str]
) -> None:
    for state in State:
        factories.generation(alice, state)
    assert {state for _, state in rows(alices_browser, state=group)} == states


def test_a_filter_by_model_shows_that_models_alone(alices_browser: Client, alice: User) -> None:
    factories.generation(alice)
    film = factories.enqueue(alice, "sketch-video")[0]
    assert ids(alices_browser, model="sketch-video") == [str(film.pk)]
    assert ids(alices_browser, model="builtin/sketch-video") == [str(film.pk)]
    assert ids(alices_browser, model="no-such-model") == []


def test_the_search_finds_every_word_in_any_order_and_case(alices_browser: Client, alice: User) -> None:
    wanted = factories.generation(alice, prompt="A red fox in the Snow")
    factories.generation(alice, prompt="a red car")
    assert ids(alices_browser, q="snow RED") == [str(wanted.pk)]
    assert ids(alices_browser, q="red moon") == []


def test_the_search_ignores_case_beyond_english(alices_browser: Client, alice: User) -> None:
    wanted = factories.generation(alice, prompt="Äpfel und ÖL")
    assert ids(alices_browser, q="äpfel öl") == [str(wanted.pk)]


def test_the_search_takes_signs_of_its_database_by_the_letter(alices_browser: Client, alice: User) -> None:
    wanted = factories.generation(alice, prompt="100% wool_knit")
    factories.generation(alice, prompt="1000 woolaknit")
    assert ids(alices_browser, q="100% wool_") == [str(wanted.pk)]


@pytest.mark.parametrize(
    "nonsense",
    [
        {"state": "nonsense"},
        {"before": "nonsense"},
        {"before": "9" * 20 + "-" + "f" * 32},
        {"q": "\0"},
        {"model": "\0"},
        {"refresh": "²"},
        {"from": "nonsense"},
    ],
)
def test_an_address_with_nonsense_in_it_still_answers(
    alices_browser: Client, alice: User, nonsense: dict[str, str]
) -> None:
    factories.generation(alice)
    assert alices_browser.get("/", nonsense).status_code in (200, 404)


def test_an_empty_queue_says_what_to_do_next(alices_browser: Client) -> None:
    html = alices_browser.get("/").content.decode()
    assert "Nothing of yours in the queue yet" in html
    assert "data-example" in html


def test_a_filter_that_matches_nothing_says_so(alices_browser: Client) -> None:
    assert "Nothing here matches" in alices_browser.get("/", {"q": "unicorn"}).content.decode()


def test_a_row_tells_the_usual_time_once_there_is_a_history(alices_browser: Client, alice: User) -> None:
    factories.generation(alice, State.PROCESSING)
    assert "usually" not in alices_browser.get("/").content.decode()
    MediaModel.objects.filter(name="sketch-image").update(median_seconds=12.3, p95_seconds=30)
    assert "usually about 12 s" in alices_browser.get("/").content.decode()


def test_a_row_slower_than_nearly_all_others_is_overdue(alices_browser: Client, alice: User) -> None:
    slow = factories.generation(alice, State.PROCESSING)
    MediaModel.objects.filter(name="sketch-image").update(median_seconds=1, p95_seconds=30)
    assert 'class="row live"' in alices_browser.get("/").content.decode()
    Generation.objects.filter(pk=slow.pk).update(released_at=timezone.now() - timedelta(minutes=1))
    assert 'class="row live overdue"' in alices_browser.get("/").content.decode()


def test_a_failure_tells_its_reason_in_the_row(alices_browser: Client, alice: User) -> None:
    factories.generation(alice, State.FAILED)
    assert "The hub said no." in alices_browser.get("/").content.decode()


def test_a_prompt_is_text_and_never_markup(alices_browser: Client, alice: User) -> None:
    factories.generation(alice, prompt='<img src=x onerror="alert(1)">')
    assert "<img src=x" not in alices_browser.get("/").content.decode()


def queries(browser: Client, address: str) -> int:
    with CaptureQueriesContext(
        connection,
    ) as caught:
        assert browser.get(address).status_code in (200, 204)
    return len(caught)


@pytest.mark.parametrize("filters", ["", "?state=done", "?model=sketch-image", "?q=long"])
def test_five_thousand_generations_cost_as_many_queries_as_ten(
    alices_browser: Client, alice: User, filters: str
) -> None:
    history(alice, 10)
    for address in ("/" + filters, "/generations/changes/" + filters):
        alices_browser.get(address)
    few = [queries(alices_browser, address + filters) for address in ("/", "/generations/changes/")]
    Generation.objects.all().delete()
    Submission.objects.all().delete()
    history(alice, 5000)
    for address in ("/" + filters, "/generations/changes/" + filters):
        alices_browser.get(address)
    table_now, changes_now = (
        queries(alices_browser, address + filters) for address in ("/", "/generations/changes/")
    )
    assert table_now == few[0]
    # More has changed than fits a page, so the page itself is asked for.
    assert changes_now <= few[1] + 1


def test_a_page_that_missed_more_than_fits_is_told_anew(alices_browser: Client, alice: User) -> None:
    history(alice, 60)
    html = alices_browser.get("/generations/changes/").content.decode()
    assert 'hx-swap-oob="rows-all:#rows"' in html
    assert len(ROW.findall(html)) == 50
    assert re.search(r'id="older"[^>]* rel="next" hx-swap-oob="true"', html)


@pytest.mark.parametrize("filters", [{}, {"model": "sketch-image"}, {"before": f"{10**15:020d}-{'f' * 32}"}])
def test_the_changed_rows_are_found_by_their_versions(alice: User, filters: dict[str, str]) -> None:
    if connection.vendor != "sqlite":
        pytest.skip("the plan is told in SQLite's words")
    history(alice, 10)
    namespace = Namespace.objects.get(owner=alice)
    changed = Generation.objects.filter(namespace=namespace, version__gt=0)
    found = table.Filters(**filters).apply(changed)
    assert "gen_changed" in found.order_by("version").values_list("id")[:51].explain()


def test_a_page_on_which_nothing_lives_is_made_once(alices_browser: Client, alice: User) -> None:
    history(alice, 60)
    alices_browser.get("/")
    # The session, and the person with their namespace and its version.
    assert queries(alices_browser, "/") == 2


def test_a_page_on_which_something_lives_asks_for_its_rows_once(alices_browser: Client, alice: User) -> None:
    history(alice, 60)
    factories.generation(alice)
    alices_browser.get("/")
    assert queries(alices_browser, "/") == 4


def test_an_unchanged_poll_asks_for_nothing_but_the_versions(alices_browser: Client, alice: User) -> None:
    history(alice, 60)
    token = versions.Token.of(accounts.visible_namespaces(alice))
    assert queries(alices_browser, f"/generations/changes/?since={token}") == 2


def test_the_rows_are_found_by_an_index(alice: User) -> None:
    history(alice, 10)
    namespaces = [Namespace.objects.get(owner=alice)]
    if connection.vendor != "sqlite":
        pytest.skip("the plan is told in SQLite's words")
    for filters in (table.Filters(), table.Filters(before=f"{10**15}-{'f' * 32}")):
        found = filters.apply(Generation.objects.filter(namespace__in=namespaces))
        plan = found.order_by("-enqueued_at", "-id").values_list("id")[:51].explain()
        assert "gen_newest" in plan
        assert "TEMP B-TREE" not in plan


def test_a_row_is_rendered_once_for_each_of_its_versions(
    alices_browser: Client, alice: User, monkeypatch
) -> None:
    rendered: list[object] = []
    real = table.row_of
    monkeypatch.setattr(table, "row_of", lambda each, now: rendered.append(each.pk) or real(each, now))
    made = factories.generation(alice)
    for _ in range(3):
        alices_browser.get("/")
    assert rendered == [made.pk]
    alices_browser.post(f"/generations/{made.pk}/cancel/")
    alices_browser.get("/")
    assert rendered == [made.pk, made.pk]
