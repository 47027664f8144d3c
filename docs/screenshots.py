"""Take docs/screenshots/*.png from a running Drover with sample work: `python docs/screenshots.py`.

Needs Chromium and the test requirements. Uses a data folder of its own.
"""

import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, Page, expect, sync_playwright

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from tests.hub.server import Hub  # noqa: E402
from tests.running import PASSWORD, Drover, until  # noqa: E402

TARGET = ROOT / "docs" / "screenshots"
#: Waits for the images on the screen. Those further down load only when the page is scrolled.
IMAGES_LOADED = """() => Promise.all([...document.images]
    .filter(image => image.getBoundingClientRect().top < innerHeight)
    .map(image => image.decode().catch(() => 0)))"""
DONE = [
    {"prompt": "abstract geometric pattern in blue and gold", "aspect_ratio": "16:9", "seed": 42},
    {
        "prompt": "a fox in a snowy forest at blue hour, the first stars above the ridge",
        "aspect_ratio": "3:2",
    },
    {"prompt": "old harbour town on a hot afternoon, boats, white houses", "aspect_ratio": "4:3"},
    {"prompt": "city skyline at night in the rain, neon"},
    {"prompt": "a lighthouse at dawn, calm sea", "num_generations": 3},
    {"model": "sketch-video", "prompt": "a train crossing the desert at dusk", "duration": 3},
    {
        "model": "sketch-video",
        "multi_prompt": [
            {"prompt": "a harbour at sunrise", "duration": 2},
            {"prompt": "the same harbour in a storm", "duration": 1},
        ],
    },
    {"model": "sketch-video", "prompt": "clouds over a volcano", "duration": 99},
]
RUNNING = [
    {"model": "sketch-video", "prompt": "a field of poppies in the wind", "duration": 15},
    {"model": "sketch-video", "prompt": "waves breaking in slow motion under the moon", "duration": 15},
]


def main() -> None:
    TARGET.mkdir(parents=True, exist_ok=True)
    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    if chromium is None:
        sys.exit("Chromium is not installed (Debian: apt install chromium)")
    with tempfile.TemporaryDirectory() as folder, Drover(Path(folder) / "data") as drover:
        fill(drover)
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
            image = Path(folder) / "a lighthouse.png"
            image.write_bytes(take_queue(browser, drover))
            take_hub(browser, image)
            browser.close()
        drover.ask_to_stop()


def fill(drover: Drover) -> None:
    """Submit the samples, and wait for them to end: done, failed and cancelled."""
    for order in DONE:
        drover.call("POST", "/api/ai/queue", {"model": "sketch-image", **order})
    until("the samples have ended", lambda: not drover.live() and not drover.live("sketch-video"), 120)
    drover.call("DELETE", f"/api/media/generations/admin/{drover.enqueue(prompt='three cats on a sofa')[0]}")


def take_queue(browser: Browser, drover: Drover) -> bytes:
    """Take the queue, the form and one generation; return the image of that generation."""
    with window(browser, drover, 1280, 800, "light") as page:
        state = page.context.storage_state()
        page.wait_for_selector("#rows img")
        page.goto("/?q=dawn")
        page.locator("#rows .prompt").first.click()
        page.wait_for_selector("#submission img")
        page.locator("img[data-result]").evaluate("image => image.decode()")
        image = page.request.get(page.get_attribute("img[data-result]", "src") or "").body()
        save(page, "generation")
        page.goto("/")
        with page.expect_response("**/generations/params/"):
            page.select_option("#model", "sketch-video")
        page.click("#shots summary")
        for index, prompt in enumerate(("a harbour at sunrise", "the same harbour in a storm")):
            page.locator("[name=shot-prompt]").nth(index).fill(prompt)
            page.locator("[name=shot-seconds]").nth(index).fill(str(3 - index))
        page.click(".more summary")
        save(page, "composer-video")
    for order in RUNNING:
        drover.enqueue(**order)
    for name, width, height, scheme in (
        ("queue-light", 1280, 960, "light"),
        ("queue-dark", 1280, 960, "dark"),
        ("queue-phone", 390, 844, "light"),
    ):
        with window(browser, drover, width, height, scheme, state) as page:
            expect(page.locator("#rows > [data-status=processing]")).not_to_have_count(0)
            page.wait_for_selector("#rows img")
            save(page, name)
    return image


def take_hub(browser: Browser, image: Path) -> None:
    """Take an image as an input of a hub's model, and the hub account in the admin."""
    with Hub("current") as hub:
        account = {"OXEN_API_KEY": hub.key, "OXEN_HUB_URL": hub.url}
        with Drover(image.parent / "with a hub", **account) as drover:
            until("the hub is known", lambda: drover.call("GET", "/api/ai/models/nano-banana").ok)
            with window(browser, drover, 1280, 560, "light") as page:
                with page.expect_response("**/generations/params/"):
                    page.select_option("#model", "nano-banana")
                page.set_input_files("input[type=file]", image)
                page.wait_for_selector(".media-item img")
                page.fill("[name=prompt]", "the same lighthouse in a storm at night")
                save(page, "composer-input")
                page.set_viewport_size({"width": 1280, "height": 960})
                page.goto("/admin/queueapp/connection/")
                page.click("th.field-name a >> text=oxen")
                save(page, "connection")


@contextmanager
def window(
    browser: Browser, drover: Drover, width: int, height: int, scheme: str, state: object = None
) -> Iterator[Page]:
    """Open a signed-in page on the queue."""
    context = browser.new_context(
        base_url=drover.url,
        viewport={"width": width, "height": height},
        color_scheme="dark" if scheme == "dark" else "light",
        storage_state=state,  # type: ignore[arg-type]
        has_touch=width < 720,
        is_mobile=width < 720,
    )
    page = context.new_page()
    page.goto("/")
    if state is None:
        page.fill("[name=username]", "admin")
        page.fill("[name=password]", PASSWORD)
        page.click("button[type=submit]")
    page.wait_for_load_state("networkidle" if state is None else "load")
    yield page
    context.close()


def save(page: Page, name: str) -> None:
    """Save a screenshot, in 256 colours so that the file stays small."""
    page.evaluate(IMAGES_LOADED)
    path = TARGET / f"{name}.png"
    page.screenshot(path=path, caret="initial")
    with Image.open(path) as screenshot:
        reduced = screenshot.convert("RGB").quantize(
            256, method=Image.Quantize.FASTOCTREE, kmeans=4, dither=Image.Dither.NONE
        )
    reduced.save(path, optimize=True)
    print(f"{path.relative_to(ROOT)}  {path.stat().st_size // 1000} kB")


if __name__ == "__main__":
    main()
