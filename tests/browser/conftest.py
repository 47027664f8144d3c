"""A real browser before a real Drover: web, workers and all, on data of its own."""

import shutil
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from tests.running import PASSWORD, Drover

CHROMIUM = next(
    (path for name in ("chromium", "chromium-browser", "google-chrome") if (path := shutil.which(name))), None
)
ARGUMENTS = [
    "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip
#: What Chromium says of every answer that is no success, whoever is meant to see it.
NOT_AN_ERROR = "Failed to load resource"


@pytest.fixture(scope="session")
def drover(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Drover]:
    if CHROMIUM is None:
        pytest.skip("Chromium is not installed (Debian: apt install chromium)")
    with Drover(tmp_path_factory.mktemp("browser") / "data") as running:
        yield running
        running.ask_to_stop()
        assert running.process is not None
        running.process.wait(timeout=20)


# Not for the whole session: playwright's event loop would forbid Django's tests their database.
@pytest.fixture(scope="module")
def chromium(drover: Drover) -> Iterator[Browser]:
    # Longer than the pages' calm between two questions.
    expect.set_options(timeout=20_000)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield browser
        browser.close()


class Complaints(list[str]):
    """What a page's console said that nobody meant."""

    def listen(self, page: Page) -> None:
        page.on("pageerror", lambda error: self.append(str(error)))
        page.on("console", lambda message: self._hear(message.type, message.text))

    def _hear(self, kind: str, text: str) -> None:
        if kind in ("error", "warning") and not text.startswith(NOT_AN_ERROR):
            self.append(text)


@pytest.fixture
def complaints() -> Iterator[Complaints]:
    heard = Complaints()
    yield heard
    assert heard == []


@pytest.fixture
def open_page(chromium: Browser, drover: Drover, complaints: Complaints) -> Iterator[Callable[..., Page]]:
    """Opens a window of its own for a person; whatever its console complains of fails the test."""
    contexts: list[BrowserContext] = []

    def opened(**options: Any) -> Page:
        context = chromium.new_context(base_url=drover.url, **options)
        context.set_default_timeout(20_000)
        contexts.append(context)
        page = context.new_page()
        complaints.listen(page)
        return page

    yield opened
    for context in contexts:
        context.close()


@pytest.fixture(scope="module")
def signed_in(chromium: Browser, drover: Drover) -> Any:
    """What a browser keeps of having signed in; checking a password is slow on purpose."""
    context = chromium.new_context(base_url=drover.url)
    sign_in(context.new_page())
    state = context.storage_state()
    context.close()
    return state


@pytest.fixture
def page(open_page: Callable[..., Page], signed_in: Any) -> Page:
    """The admin's window, on the queue."""
    page = open_page(storage_state=signed_in)
    page.goto("/")
    return page


def sign_in(page: Page) -> None:
    page.goto("/")
    page.fill("[name=username]", "admin")
    page.fill("[name=password]", PASSWORD)
    page.click("button[type=submit]")
    page.wait_for_url("**/")
    page.wait_for_selector("#composer")
