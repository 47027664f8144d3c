"""From the hub's end of a generation to its new state on the open page, in a real browser.

    .venv/bin/python -m bench.latency [generations]

Classic: found by polling. Current: told by the hub's events. The page notes the moment at which a row's
state changes; the hub's ledger has the moment at which the generation ended there.
"""

import random
import shutil
import statistics
import sys
import time

from playwright.sync_api import Page, sync_playwright

from bench.team import IMAGES, Hub, drover, until
from tests.running import PASSWORD

_WATCH = """() => {
  window.ended = {};
  const note = () => document.querySelectorAll("#rows [data-status]").forEach((row) => {
    const over = ["succeeded", "finished"].includes(row.dataset.status);
    const id = row.id.replace("generation-", "");
    if (over && !(id in window.ended)) window.ended[id] = Date.now() / 1000;
  });
  new MutationObserver(note).observe(document.body, { subtree: true, childList: true, attributes: true });
}"""


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 40
    for revision in ("classic", "current"):
        took = measure(revision, count)
        p95 = statistics.quantiles(took, n=20)[-1]
        print(
            f"{revision:8} median {statistics.median(took):5.2f} s   p95 {p95:5.2f} s   of {len(took)}",
            flush=True,
        )


def measure(revision: str, count: int) -> list[float]:
    with Hub(revision) as hub, drover(hub, capacity=count) as running, sync_playwright() as play:
        browser = play.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        page = browser.new_page()
        sign_in(page, running.url)
        for place in range(count):
            running.enqueue(IMAGES[place % 2], prompt=f"number {place}")
        until("all are going", lambda: len(hub.ledger.live) == count, 60)
        page.goto(running.url)
        page.evaluate(_WATCH)
        for made in hub.ledger.live:
            time.sleep(random.uniform(0.3, 1.5))
            hub.finish(made.id)
        until("all are seen to end", lambda: len(page.evaluate("window.ended")) == count, 60)
        seen = page.evaluate("window.ended")
        browser.close()
        names = dict(running.database.rows("SELECT id, upstream_id FROM queueapp_generation"))
    ended = {str(own).replace("-", ""): hub.ledger.generations[name].ended_at for own, name in names.items()}
    return [at - ended[own.replace("-", "")] for own, at in seen.items()]


def sign_in(page: Page, url: str) -> None:
    page.goto(f"{url}/accounts/login/")
    page.fill("[name=username]", "admin")
    page.fill("[name=password]", PASSWORD)
    page.click("main button[type=submit]")
    page.wait_for_url(f"{url}/")


if __name__ == "__main__":
    main()
