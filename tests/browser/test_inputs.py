"""Give files to a model in Chromium: choose, paste, drop, remove."""

import base64
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from tests import factories, media
from tests.running import Drover

CREATE_MODELS = """
from datetime import timedelta
from django.utils import timezone
from queueapp.models import Connection, MediaModel
image, video = ({"type": "string", "renderType": f"{kind}-url"} for kind in ("image", "video"))
sound, many = {"type": "string", "format": "uri"}, {"type": "array", "items": {"type": "string"}}
hub = Connection.objects.create(
    name="studio", priority=-20, base_url="http://127.0.0.1:9", retry_at=timezone.now() + timedelta(days=1)
)
for name, fields in (
    ("retouch", {"input_image": image, "mask_url": image}),
    ("collage", {"reference_images": many, "video_url": video}),
    ("lipsync", {"audio_url": sound, "audio_clips": many}),
):
    schema = {"type": "object", "properties": {"prompt": {"type": "string"}, **fields}, "basic": list(fields)}
    MediaModel.objects.create(
        connection=hub, name=name, display_name=name.title(), media_type="image", request_schema=schema
    )
"""
DISABLE_MODELS = """
from queueapp.models import Connection, Generation
from queueapp.services import generations
Connection.objects.filter(name="studio").update(enabled=False)
for generation in Generation.objects.live().filter(connection__name="studio"):
    generations.cancel(generation, generation.user)
"""
#: Fires the event of a paste or a drop, whose name is `how`, with one file.
HAND_OVER = """(target, [how, body, type]) => {
    const bytes = Uint8Array.from(atob(body), char => char.charCodeAt(0));
    const data = new DataTransfer();
    data.items.add(new File([bytes], "mine", { type }));
    const options = { bubbles: true, cancelable: true };
    const event = how === "paste"
        ? new ClipboardEvent(how, { ...options, clipboardData: data })
        : new DragEvent(how, { ...options, dataTransfer: data });
    target.dispatchEvent(event);
}"""
LOADED_WIDTH = "image => image.decode().then(() => image.naturalWidth)"
SOUND = b"ID3 a sound"


@pytest.fixture(scope="module", autouse=True)
def _studio(drover: Drover) -> Iterator[None]:
    """A connection whose models take files. Nothing is ever sent to it."""
    drover.manage("shell", "-c", CREATE_MODELS)
    yield
    drover.manage("shell", "-c", DISABLE_MODELS)


@pytest.fixture
def image_file(tmp_path: Path) -> Path:
    path = tmp_path / "mine.png"
    path.write_bytes(factories.png())
    return path


def choose_model(page: Page, name: str) -> None:
    with page.expect_response("**/generations/params/"):
        page.select_option("#model", name)


def field(page: Page, name: str) -> Locator:
    return page.locator(f"[data-name=param-{name}]")


def choose_file(field: Locator, path: Path) -> None:
    field.locator("input[type=file]").set_input_files(path)


def hand_over(target: Locator, how: str, body: bytes, content_type: str) -> None:
    """Paste or drop a file on an element; `how` is "paste" or "drop"."""
    target.evaluate(HAND_OVER, [how, base64.b64encode(body).decode(), content_type])


def references(field: Locator) -> list[str]:
    """The stored inputs that a field would send."""
    return [element.input_value() for element in field.locator("input[type=hidden]").all()]


def data_uri(body: bytes) -> str:
    return f"data:audio/mpeg;base64,{base64.b64encode(body).decode()}"


def test_chosen_and_pasted_images_are_submitted_and_shown_with_the_generation(
    page: Page, image_file: Path
) -> None:
    choose_model(page, "retouch")
    page.fill("#prompt", "make it autumn")
    image, mask = field(page, "input_image"), field(page, "mask_url")
    choose_file(image, image_file)
    assert image.locator(".media-item img").evaluate(LOADED_WIDTH) > 0
    expect(image.locator(".media-add")).to_be_hidden()
    hand_over(page.locator("#prompt"), "paste", factories.png("red"), "image/png")
    assert mask.locator(".media-item img").evaluate(LOADED_WIDTH) > 0
    expect(page.locator("#prompt")).to_have_value("make it autumn")
    submitted = references(image) + references(mask)
    assert len(submitted) == 2
    assert all(reference.startswith("drover-input:") for reference in submitted)
    page.click("#submit")
    page.get_by_role("link", name="make it autumn").first.click()
    thumbnails = page.locator("#parameters img")
    expect(thumbnails).to_have_count(2)
    for position in range(2):
        assert thumbnails.nth(position).evaluate(LOADED_WIDTH) > 0
    expect(page.locator("#parameters")).not_to_contain_text("drover-input")
    page.click("#use-again")
    expect(field(page, "mask_url").locator(".media-item img")).to_have_count(1)
    assert references(field(page, "input_image")) + references(field(page, "mask_url")) == submitted


def test_dropped_files_go_to_the_fields_for_their_kind_and_lists_take_several(page: Page) -> None:
    choose_model(page, "collage")
    images, video = field(page, "reference_images"), field(page, "video_url")
    hand_over(images, "drop", factories.png(), "image/png")
    hand_over(page.locator("#prompt"), "drop", media.mp4(), "video/mp4")
    hand_over(page.locator("#prompt"), "drop", factories.png("red"), "image/png")
    expect(images.locator(".media-item img")).to_have_count(2)
    expect(video.locator(".media-item.is-video img")).to_have_count(1)
    images.locator("[data-remove-media]").first.click()
    expect(images.locator(".media-item")).to_have_count(1)


def test_a_dropped_file_that_the_model_does_not_take_is_refused_in_words(page: Page) -> None:
    choose_model(page, "sketch-video")
    hand_over(page.locator("#prompt"), "drop", media.mp4(), "video/mp4")
    expect(page.locator("#toasts")).to_have_text("This model takes no video files.")


def test_an_unusable_file_is_an_error_of_its_field_and_nothing_is_lost(
    page: Page, image_file: Path, tmp_path: Path
) -> None:
    choose_model(page, "retouch")
    page.fill("#prompt", "half a thought")
    image, mask = field(page, "input_image"), field(page, "mask_url")
    mask.locator("input[type=text]").fill("https://a.b/mask.png")
    video_file = tmp_path / "clip.mp4"
    video_file.write_bytes(media.mp4())
    choose_file(image, video_file)
    error = page.locator(".kind-media .error")
    expect(error).to_have_text("This is a video. Choose an image.")
    expect(page.locator("#submit")).to_be_enabled()
    expect(page.locator("#prompt")).to_have_value("half a thought")
    expect(mask.locator("input[type=text]")).to_have_value("https://a.b/mask.png")
    choose_file(image, image_file)
    expect(image.locator(".media-item img")).to_be_visible()
    expect(error).to_have_count(0)


def test_a_file_that_is_too_large_is_refused_without_an_upload(page: Page, tmp_path: Path) -> None:
    choose_model(page, "retouch")
    uploads: list[str] = []
    page.on("request", lambda request: uploads.append(request.url) if "/inputs/" in request.url else None)
    large_file = tmp_path / "large.png"
    with large_file.open("wb") as file:
        file.truncate(12 * 1024 * 1024 + 1)
    choose_file(field(page, "input_image"), large_file)
    expect(page.locator(".kind-media .error")).to_have_text("A file can have at most 12 MB.")
    assert uploads == []


def test_audio_files_stay_in_the_form(page: Page, image_file: Path, tmp_path: Path) -> None:
    choose_model(page, "lipsync")
    audio, clips = field(page, "audio_url"), field(page, "audio_clips")
    audio_file = tmp_path / "speech.mp3"
    audio_file.write_bytes(SOUND)
    choose_file(audio, audio_file)
    expect(audio.locator("input[type=text]")).to_have_value(data_uri(SOUND))
    clips.locator("textarea").fill("https://a.b/c.mp3")
    choose_file(clips, audio_file)
    expect(clips.locator("textarea")).to_have_value(f"https://a.b/c.mp3\n{data_uri(SOUND)}")
    choose_file(audio, image_file)
    expect(page.locator(".kind-url .error")).to_have_text("This is not an audio file.")
    expect(audio.locator("input[type=text]")).to_have_value(data_uri(SOUND))


def test_an_image_stays_in_the_form_while_the_model_changes(page: Page, image_file: Path) -> None:
    choose_model(page, "retouch")
    choose_file(field(page, "input_image"), image_file)
    expect(field(page, "input_image").locator(".media-item img")).to_be_visible()
    chosen = references(field(page, "input_image"))
    choose_model(page, "sketch-video")
    expect(page.locator(".unplaced-inputs")).to_be_visible()
    choose_model(page, "collage")
    expect(field(page, "reference_images").locator(".media-item img")).to_be_visible()
    assert references(field(page, "reference_images")) == chosen


def test_a_result_is_used_as_the_next_input(page: Page) -> None:
    choose_model(page, "sketch-image")
    page.fill("#prompt", "a boat to be retouched")
    page.click("#submit")
    row = page.locator("#rows > li", has_text="a boat to be retouched")
    expect(row).to_have_attribute("data-status", "succeeded", timeout=60_000)
    row.locator(".prompt").click()
    page.click("#use-as-input")
    page.wait_for_url(re.compile(r"/\?input="))
    expect(page.locator(".media-item img")).to_have_count(1)
    assert page.locator(".media-item img").evaluate(LOADED_WIDTH) > 0


def test_the_keyboard_reaches_every_part_of_a_field(page: Page, image_file: Path) -> None:
    choose_model(page, "retouch")
    image = field(page, "input_image")
    choose_file(image, image_file)
    expect(image.locator(".media-item img")).to_be_visible()
    image.locator("[data-remove-media]").focus()
    page.keyboard.press("Enter")
    expect(image.locator(".media-item")).to_have_count(0)
    expect(image.locator("input[type=text]")).to_be_focused()
    page.keyboard.press("Shift+Tab")
    expect(image.locator("input[type=file]")).to_be_focused()
