"""Giving pictures to a model, done in Chromium."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from tests import factories
from tests.media import mp4 as film
from tests.running import Drover

OFFER = """
from datetime import timedelta
from django.utils import timezone
from queueapp.models import Connection, MediaModel
url, clip = ({"type": "string", "renderType": f"{kind}-url"} for kind in ("image", "video"))
many = {"type": "array", "items": {"type": "string"}}
hub = Connection.objects.create(
    name="studio", priority=-20, base_url="http://127.0.0.1:9", retry_at=timezone.now() + timedelta(days=1)
)
for name, fields in (
    ("retouch", {"input_image": url, "mask_url": url}),
    ("collage", {"reference_images": many, "video_url": clip}),
):
    schema = {"type": "object", "properties": {"prompt": {"type": "string"}, **fields}}
    MediaModel.objects.create(
        connection=hub, name=name, display_name=name.title(), media_type="image", request_schema=schema
    )
"""
WITHDRAW = """
from queueapp.models import Connection, Generation
from queueapp.services import generations
Connection.objects.filter(name="studio").update(enabled=False)
for waiting in Generation.objects.live().filter(connection__name="studio"):
    generations.cancel(waiting, waiting.user)
"""
#: What a browser does when somebody pastes or drops a file; `how` is the event's name.
HAND_OVER = """(target, [how, body, type]) => {
    const bytes = Uint8Array.from(atob(body), sign => sign.charCodeAt(0));
    const data = new DataTransfer();
    data.items.add(new File([bytes], "mine", { type }));
    const options = { bubbles: true, cancelable: true };
    const event = how === "paste"
        ? new ClipboardEvent(how, { ...options, clipboardData: data })
        : new DragEvent(how, { ...options, dataTransfer: data });
    target.dispatchEvent(event);
}"""
LOADED = "image => image.decode().then(() => image.naturalWidth)"


@pytest.fixture(scope="module", autouse=True)
def studio(drover: Drover) -> Iterator[None]:
    """A connection whose models take pictures; nothing is ever sent to it."""
    drover.manage("shell", "-c", OFFER)
    yield
    drover.manage("shell", "-c", WITHDRAW)


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    path = tmp_path / "mine.png"
    path.write_bytes(factories.png())
    return path


def choose_model(page: Page, name: str) -> None:
    with page.expect_response("**/generations/params/"):
        page.select_option("#model", name)


def field(page: Page, name: str) -> Locator:
    return page.locator(f".media[data-name=param-{name}]")


def hand_over(target: Locator, how: str, body: bytes, kind: str) -> None:
    import base64

    target.evaluate(HAND_OVER, [how, base64.b64encode(body).decode(), kind])


def sent(place: Locator) -> list[str]:
    return [element.input_value() for element in place.locator("input[type=hidden]").all()]


def test_pictures_are_chosen_and_pasted_and_shown_with_the_generation(page: Page, picture: Path) -> None:
    choose_model(page, "retouch")
    page.fill("#prompt", "make it autumn")
    image, mask = field(page, "input_image"), field(page, "mask_url")
    image.locator("input[type=file]").set_input_files(picture)
    assert image.locator(".medium img").evaluate(LOADED) > 0
    expect(image.locator(".media-ask")).to_be_hidden()
    hand_over(page.locator("#prompt"), "paste", factories.png("red"), "image/png")
    assert mask.locator(".medium img").evaluate(LOADED) > 0
    expect(page.locator("#prompt")).to_have_value("make it autumn")
    references = sent(image) + sent(mask)
    assert all(value.startswith("drover-input:") for value in references)
    page.click("#submit")
    page.get_by_role("link", name="make it autumn").first.click()
    pictures = page.locator(".pairs .medium img")
    expect(pictures).to_have_count(2)
    for place in range(2):
        assert pictures.nth(place).evaluate(LOADED) > 0
    expect(page.locator(".pairs")).not_to_contain_text("drover-input")
    page.click("#again")
    expect(field(page, "mask_url").locator(".medium img")).to_have_count(1)
    assert sent(field(page, "input_image")) + sent(field(page, "mask_url")) == references


def test_what_is_dropped_goes_where_it_fits_and_lists_take_several(page: Page) -> None:
    choose_model(page, "collage")
    several, clip = field(page, "reference_images"), field(page, "video_url")
    hand_over(several, "drop", factories.png(), "image/png")
    hand_over(page.locator("#prompt"), "drop", film(), "video/mp4")
    hand_over(page.locator("#prompt"), "drop", factories.png("red"), "image/png")
    expect(several.locator(".medium img")).to_have_count(2)
    expect(clip.locator(".medium.of-video img")).to_have_count(1)
    several.locator("[data-remove-medium]").first.click()
    expect(several.locator(".medium")).to_have_count(1)


def test_a_file_that_does_not_fit_is_told_at_its_field_and_nothing_is_lost(
    page: Page, picture: Path, tmp_path: Path
) -> None:
    choose_model(page, "retouch")
    page.fill("#prompt", "half a thought")
    image, mask = field(page, "input_image"), field(page, "mask_url")
    mask.locator("input[type=text]").fill("https://a.b/mask.png")
    clip = tmp_path / "clip.mp4"
    clip.write_bytes(film())
    image.locator("input[type=file]").set_input_files(clip)
    error = page.locator(".kind-media .error")
    expect(error).to_have_text("This is a video. Choose an image.")
    expect(page.locator("#submit")).to_be_enabled()
    expect(page.locator("#prompt")).to_have_value("half a thought")
    expect(mask.locator("input[type=text]")).to_have_value("https://a.b/mask.png")
    image.locator("input[type=file]").set_input_files(picture)
    expect(image.locator(".medium img")).to_be_visible()
    expect(error).to_have_count(0)


def test_a_picture_stays_while_models_are_tried(page: Page, picture: Path) -> None:
    choose_model(page, "retouch")
    field(page, "input_image").locator("input[type=file]").set_input_files(picture)
    expect(field(page, "input_image").locator(".medium img")).to_be_visible()
    reference = sent(field(page, "input_image"))
    choose_model(page, "sketch-image")
    expect(page.locator(".kept")).to_be_visible()
    choose_model(page, "collage")
    expect(field(page, "reference_images").locator(".medium img")).to_be_visible()
    assert sent(field(page, "reference_images")) == reference


def test_a_result_is_used_as_the_next_input(page: Page) -> None:
    choose_model(page, "sketch-image")
    page.fill("#prompt", "a boat to be retouched")
    page.click("#submit")
    row = page.locator("#rows > li", has_text="a boat to be retouched")
    expect(row).to_have_attribute("data-status", "succeeded", timeout=60_000)
    row.locator(".prompt").click()
    page.click("#as-input")
    page.wait_for_url(re.compile(r"/\?input="))
    expect(page.locator(".media .medium img")).to_have_count(1)
    assert page.locator(".media .medium img").evaluate(LOADED) > 0


def test_the_keyboard_reaches_every_part_of_a_field(page: Page, picture: Path) -> None:
    choose_model(page, "retouch")
    image = field(page, "input_image")
    image.locator("input[type=file]").set_input_files(picture)
    expect(image.locator(".medium img")).to_be_visible()
    image.locator("[data-remove-medium]").focus()
    page.keyboard.press("Enter")
    expect(image.locator(".medium")).to_have_count(0)
    expect(image.locator("input[type=text]")).to_be_focused()
    page.keyboard.press("Shift+Tab")
    expect(image.locator("input[type=file]")).to_be_focused()
