"""Drive a real Chromium against a real Drover: web and workers, on data of its own."""

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
#: Milliseconds that an expectation waits: longer than the slowest interval between two polls.
TIMEOUT = 20_000
#: Chromium logs every response with an error status, also those that a test provokes.
EXPECTED_LOG = "Failed to load resource"


@pytest.fixture(scope="session")
def drover(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Drover]:
    if CHROMIUM is None:
        pytest.skip("Chromium is not installed (Debian: apt install chromium)")
    with Drover(tmp_path_factory.mktemp("browser") / "data") as running:
        yield running
        running.ask_to_stop()
        assert running.process is not None
        running.process.wait(timeout=20)


# Not for the whole session: the event loop of playwright would keep Django's tests from their database.
@pytest.fixture(scope="module")
def chromium(drover: Drover) -> Iterator[Browser]:
    expect.set_options(timeout=TIMEOUT)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield browser
        browser.close()


class ConsoleErrors(list[str]):
    """The unexpected errors and warnings that pages logged to the console."""

    def record(self, page: Page) -> None:
        """Record what this page logs from now on."""
        page.on("pageerror", lambda error: self.append(str(error)))
        page.on("console", lambda message: self._add(message.type, message.text))

    def _add(self, kind: str, text: str) -> None:
        if kind in ("error", "warning") and not text.startswith(EXPECTED_LOG):
            self.append(text)


@pytest.fixture
def console_errors() -> Iterator[ConsoleErrors]:
    errors = ConsoleErrors()
    yield errors
    assert errors == []


@pytest.fixture
def open_page(
    chromium: Browser, drover: Drover, console_errors: ConsoleErrors
) -> Iterator[Callable[..., Page]]:
    """Open a window with cookies of its own; the test fails if its console has errors."""
    contexts: list[BrowserContext] = []

    def open_window(**options: Any) -> Page:
        context = chromium.new_context(base_url=drover.url, **options)
        context.set_default_timeout(TIMEOUT)
        contexts.append(context)
        page = context.new_page()
        console_errors.record(page)
        return page

    yield open_window
    for context in contexts:
        context.close()


@pytest.fixture(scope="module")
def signed_in(chromium: Browser, drover: Drover) -> Any:
    """Return the cookies of a signed-in browser. Checking a password is slow on purpose, so do it once."""
    context = chromium.new_context(base_url=drover.url)
    sign_in(context.new_page())
    state = context.storage_state()
    context.close()
    return state


@pytest.fixture
def page(open_page: Callable[..., Page], signed_in: Any) -> Page:
    """A window of the admin, on the queue."""
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
