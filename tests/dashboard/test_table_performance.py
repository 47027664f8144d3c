"""A long history costs no more queries than a short one, and nothing is rendered twice."""

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from dashboard.table import row_html
from dashboard.table.filters import Filters
from dashboard.table.versions import VersionToken
from queueapp.models import Generation, Namespace, Submission
from queueapp.services import accounts
from tests import factories
from tests.dashboard.history import create_history

only_sqlite = pytest.mark.skipif(connection.vendor != "sqlite", reason="reads the query plan of SQLite")


def count_queries(browser: Client, url: str) -> int:
    with CaptureQueriesContext(connection) as queries:
        assert browser.get(url).status_code in (200, 204)
    return len(queries)


@pytest.mark.parametrize("filters", ["", "?state=done", "?model=sketch-image", "?q=long"])
def test_five_thousand_generations_cost_as_many_queries_as_ten(
    alices_browser: Client, alice: User, filters: str
) -> None:
    def count_warm(url: str) -> int:
        alices_browser.get(url)
        return count_queries(alices_browser, url)

    page_url, changes_url = f"/{filters}", f"/generations/changes/{filters}"
    create_history(alice, 10)
    few_on_page, few_in_changes = count_warm(page_url), count_warm(changes_url)
    Generation.objects.all().delete()
    Submission.objects.all().delete()
    create_history(alice, 5000)
    assert count_warm(page_url) == few_on_page
    # More has changed than fits on a page, so the poll loads the page instead.
    assert count_warm(changes_url) <= few_in_changes + 1


@only_sqlite
@pytest.mark.parametrize("filters", [{}, {"model": "sketch-image"}, {"before": f"{10**15:020d}-{'f' * 32}"}])
def test_changed_rows_are_found_by_the_index_of_versions(alice: User, filters: dict[str, str]) -> None:
    create_history(alice, 10)
    namespace = Namespace.objects.get(owner=alice)
    changed = Filters(**filters).apply(Generation.objects.filter(namespace=namespace, version__gt=0))
    assert "gen_changed" in changed.order_by("version").values_list("id")[:51].explain()


@only_sqlite
@pytest.mark.parametrize("filters", [Filters(), Filters(before=f"{10**15}-{'f' * 32}")])
def test_the_newest_rows_are_found_by_an_index(alice: User, filters: Filters) -> None:
    create_history(alice, 10)
    generations = filters.apply(Generation.objects.filter(namespace=Namespace.objects.get(owner=alice)))
    plan = generations.order_by("-enqueued_at", "-id").values_list("id")[:51].explain()
    assert "gen_newest" in plan
    assert "TEMP B-TREE" not in plan


def test_a_page_without_live_generations_is_rendered_once(alices_browser: Client, alice: User) -> None:
    create_history(alice, 60)
    alices_browser.get("/")
    # The session, and the user with the namespace and its version.
    assert count_queries(alices_browser, "/") == 2


def test_a_page_with_live_generations_needs_four_queries(alices_browser: Client, alice: User) -> None:
    create_history(alice, 60)
    factories.generation(alice)
    alices_browser.get("/")
    # Also the rows, and the connections of live generations.
    assert count_queries(alices_browser, "/") == 4


def test_a_poll_without_changes_needs_only_the_versions(alices_browser: Client, alice: User) -> None:
    create_history(alice, 60)
    version = VersionToken.of(accounts.visible_namespaces(alice))
    assert count_queries(alices_browser, f"/generations/changes/?since={version}") == 2


def test_each_version_of_a_row_is_rendered_once(
    alices_browser: Client, alice: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    rendered: list[object] = []
    build_row = row_html.build_row

    def build_and_record(generation: Generation, now):
        rendered.append(generation.pk)
        return build_row(generation, now)

    monkeypatch.setattr(row_html, "build_row", build_and_record)
    generation = factories.generation(alice)
    for _ in range(3):
        alices_browser.get("/")
    assert rendered == [generation.pk]
    alices_browser.post(f"/generations/{generation.pk}/cancel/")
    alices_browser.get("/")
    assert rendered == [generation.pk, generation.pk]
