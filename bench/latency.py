"""Measure the time from the end of a generation at the hub to its new state on an open page.

    .venv/bin/python -m bench.latency [generations]

The page is open in a real browser and records when a row's state changes. The hub's ledger has the time at
which the generation ended. A classic hub is polled, a current one sends events.
"""

import random
import shutil
import statistics
import sys
import time

from playwright.sync_api import Page, sync_playwright

from bench.instance import IMAGE_MODELS, Hub, run_drover, until
from tests.running import PASSWORD

_RECORD_ENDS = """() => {
  window.ended = {};
  const record = () => document.querySelectorAll("#rows [data-status]").forEach((row) => {
    const hasEnded = ["succeeded", "finished"].includes(row.dataset.status);
    const id = row.id.replace("generation-", "");
    if (hasEnded && !(id in window.ended)) window.ended[id] = Date.now() / 1000;
  });
  new MutationObserver(record).observe(document.body, { subtree: true, childList: true, attributes: true });
}"""


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 40
    for revision in ("classic", "current"):
        seconds = measure(revision, count)
        median, p95 = statistics.median(seconds), statistics.quantiles(seconds, n=20)[-1]
        print(f"{revision:8} median {median:5.2f} s   p95 {p95:5.2f} s   of {len(seconds)}", flush=True)


def measure(revision: str, count: int) -> list[float]:
    """Return the seconds for each of `count` generations."""
    with Hub(revision) as hub, run_drover(hub, capacity=count) as drover, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        page = browser.new_page()
        sign_in(page, drover.url)
        for number in range(count):
            drover.enqueue(IMAGE_MODELS[number % 2], prompt=f"number {number}")
        until("all are at the hub", lambda: len(hub.ledger.live) == count, 60)
        page.goto(drover.url)
        page.evaluate(_RECORD_ENDS)
        for generation in hub.ledger.live:
            time.sleep(random.uniform(0.3, 1.5))
            hub.finish(generation.id)
        until("all ends are on the page", lambda: len(page.evaluate("window.ended")) == count, 60)
        shown_at = {plain(pk): at for pk, at in page.evaluate("window.ended").items()}
        browser.close()
        upstream_ids = drover.database.rows("SELECT id, upstream_id FROM queueapp_generation")
    return [
        shown_at[plain(pk)] - hub.ledger.generations[upstream_id].ended_at for pk, upstream_id in upstream_ids
    ]


def plain(pk: object) -> str:
    """Return a UUID without hyphens: SQLite stores it in this form, PostgreSQL and pages with hyphens."""
    return str(pk).replace("-", "")


def sign_in(page: Page, url: str) -> None:
    page.goto(f"{url}/accounts/login/")
    page.fill("[name=username]", "admin")
    page.fill("[name=password]", PASSWORD)
    page.click("main button[type=submit]")
    page.wait_for_url(f"{url}/")


if __name__ == "__main__":
    main()
