"""Users submit, watch, open, search and cancel generations in Chromium."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import ConsoleErrors, sign_in
from tests.running import Drover

LOAD_IMAGE = """image => image.decode().then(() => image.naturalWidth)"""
PLAY_VIDEO = """video => new Promise((resolve, reject) => {
    video.muted = true;
    video.addEventListener("timeupdate", () => video.currentTime > 0.3 && resolve(video.currentTime));
    video.play().catch(reject);
})"""
SEEK_VIDEO = """video => new Promise(resolve => {
    video.pause();
    video.addEventListener("seeked", () => resolve(video.currentTime), { once: true });
    video.currentTime = 1.5;
})"""
#: Milliseconds for a render: generous, because the machine that runs the tests may be busy.
RENDER_TIMEOUT = 60_000


def choose_model(page: Page, model: str) -> None:
    with page.expect_response("**/generations/params/"):
        page.select_option("#model", model)


def submit(
    page: Page, prompt: str, model: str = "sketch-image", count: int = 1, **params: str
) -> list[Locator]:
    """Submit with the mouse, and return the rows that appear."""
    if page.locator("#model").input_value() != model:
        choose_model(page, model)
    page.fill("#prompt", prompt)
    page.fill("#num_generations", str(count))
    for name, value in params.items():
        page.fill(f"[name=param-{name}]", value)
    page.click("#submit")
    rows = find_rows(page, prompt)
    expect(rows).to_have_count(count)
    return [rows.nth(index) for index in range(count)]


def find_rows(page: Page, prompt: str) -> Locator:
    return page.locator("#rows > li", has_text=prompt)


def wait_until_succeeded(row: Locator) -> None:
    expect(row).to_have_attribute("data-status", "succeeded", timeout=RENDER_TIMEOUT)


def test_a_user_submits_images_watches_them_and_opens_one(open_page: Callable[..., Page]) -> None:
    page = open_page()
    sign_in(page)
    page.evaluate("() => { window.isSamePage = true; }")
    for row in submit(page, "a lighthouse at dawn", count=3):
        wait_until_succeeded(row)
        assert row.locator("img").evaluate(LOAD_IMAGE) > 0
    assert page.evaluate("() => window.isSamePage")
    page.get_by_role("link", name="a lighthouse at dawn").first.click()
    assert page.locator("img[data-result]").evaluate(LOAD_IMAGE) > 0
    expect(page.locator("#submission img")).to_have_count(3)


def test_a_video_plays_and_seeks(page: Page) -> None:
    (row,) = submit(page, "waves at dusk", "sketch-video", duration="2")
    row.locator(".prompt").click()
    video = page.locator("video[data-result]")
    expect(video).to_be_visible(timeout=RENDER_TIMEOUT)
    assert video.evaluate(PLAY_VIDEO) > 0.3
    assert video.evaluate(SEEK_VIDEO) == pytest.approx(1.5, abs=0.2)


def test_a_user_submits_a_video_of_two_shots(page: Page) -> None:
    choose_model(page, "sketch-video")
    page.fill("#prompt", "a harbour in fog")
    page.click("#shots summary")
    shots = page.locator("#shots .shot")
    expect(shots.first.locator("textarea")).to_have_value("a harbour in fog")
    page.click("[data-add-shot]")
    page.click("[data-add-shot]")
    for index, prompt in enumerate(("a harbour in fog", "the same harbour at noon")):
        shots.nth(index).locator("textarea").fill(prompt)
        shots.nth(index).locator("input").fill("1")
    shots.last.locator("[data-remove-shot]").click()
    page.click("#submit")
    row = find_rows(page, "a harbour in fog / the same harbour at noon")
    expect(row).to_contain_text("2 shots")
    wait_until_succeeded(row)


def test_a_user_cancels_a_running_video(page: Page) -> None:
    (row,) = submit(page, "a long road through the desert", "sketch-video", duration="15")
    expect(row).to_have_attribute("data-status", "processing", timeout=RENDER_TIMEOUT)
    row.get_by_role("button", name="Cancel").click()
    expect(row).to_have_attribute("data-status", "cancelled")
    expect(row.get_by_role("button")).to_have_count(0)


def test_new_rows_leave_typed_text_focus_and_scroll_position_alone(page: Page, drover: Drover) -> None:
    page.set_viewport_size({"width": 900, "height": 400})
    submit(page, "a field of poppies", count=4)
    submit(page, "wind over a field of poppies", "sketch-video", duration="8")
    page.fill("#prompt", "half a thou")
    last = page.locator("#rows > li").last
    last.scroll_into_view_if_needed()
    top = last.evaluate("row => row.getBoundingClientRect().top")
    page.locator("#search").evaluate("field => field.focus({ preventScroll: true })")
    drover.enqueue(prompt="something from a script")
    new_row = find_rows(page, "something from a script")
    expect(new_row).to_have_count(1)
    wait_until_succeeded(new_row)
    assert last.evaluate("row => row.getBoundingClientRect().top") == pytest.approx(top, abs=1)
    expect(page.locator("#search")).to_be_focused()
    expect(page.locator("#prompt")).to_have_value("half a thou")


def test_the_focus_stays_in_a_row_that_changes(page: Page) -> None:
    (row,) = submit(page, "a candle in a window", "sketch-video", duration="3")
    row.locator(".prompt").focus()
    wait_until_succeeded(row)
    expect(row.locator(".prompt")).to_be_focused()


def test_a_submission_of_a_script_appears_on_an_idle_page(page: Page, drover: Drover) -> None:
    expect(page.locator("#version")).to_have_attribute("data-live-count", "0")
    drover.enqueue(prompt="a guest from a script")
    expect(find_rows(page, "a guest from a script")).to_have_count(1)


def test_a_video_keeps_playing_while_others_of_its_submission_end(page: Page) -> None:
    first, _ = submit(page, "clouds over a lake", "sketch-video", count=2, duration="2")
    first.locator(".prompt").click()
    video = page.locator("video[data-result]")
    expect(video).to_be_visible(timeout=RENDER_TIMEOUT)
    video.evaluate("video => { video.dataset.same = 'yes'; video.muted = true; return video.play(); }")
    expect(page.locator("#submission img")).to_have_count(2, timeout=RENDER_TIMEOUT)
    expect(video).to_have_attribute("data-same", "yes")
    assert not video.evaluate("video => video.paused")


def test_an_invalid_value_is_explained_at_its_field_and_nothing_typed_is_lost(page: Page) -> None:
    page.select_option("#model", "sketch-image")
    page.click(".more summary")
    page.fill("[name=param-seed]", "-5")
    page.fill("#prompt", "a mill by a stream")
    page.click("#submit")
    expect(page.locator("#field-seed-error")).to_have_text("Must be at least 0.")
    expect(page.locator("#prompt")).to_have_value("a mill by a stream")
    page.fill("[name=param-seed]", "5")
    page.click("#submit")
    expect(find_rows(page, "a mill by a stream")).to_contain_text("seed 5")
    expect(page.locator("#prompt")).to_have_value("")
    expect(page.locator(".error")).to_have_count(0)


def test_text_that_is_not_a_number_is_rejected_and_stays_in_its_field(page: Page) -> None:
    page.select_option("#model", "sketch-image")
    page.click(".more summary")
    page.fill("#prompt", "a number of swans")
    page.locator("[name=param-seed]").press_sequentially("4e")
    page.locator("#num_generations").fill("")
    page.locator("#num_generations").press_sequentially("2x")
    page.click("#submit")
    expect(page.locator("#field-seed-error")).to_have_text("Must be a whole number.")
    expect(page.locator("[name=param-seed]")).to_have_value("4e")
    expect(page.locator("#count-error")).to_contain_text("a whole number")
    expect(page.locator("#num_generations")).to_have_value("2x")


def test_shots_come_back_after_a_model_without_shots(page: Page) -> None:
    def focus_and_choose_model(model: str) -> None:
        page.locator("#model").focus()
        choose_model(page, model)

    if page.locator("#model").input_value() != "sketch-video":
        focus_and_choose_model("sketch-video")
    page.click("#shots summary")
    shots = page.locator("#shots .shot")
    shots.nth(0).locator("textarea").fill("a mill at dawn")
    shots.nth(1).locator("textarea").fill("the mill at noon")
    shots.nth(1).locator("input").fill("3")
    focus_and_choose_model("sketch-image")
    expect(page.locator("#shots")).to_have_count(0)
    expect(page.locator("#prompt")).to_have_value("a mill at dawn")
    expect(page.locator("#prompt")).to_be_enabled()
    focus_and_choose_model("sketch-video")
    expect(shots).to_have_count(2)
    expect(shots.nth(0).locator("textarea")).to_have_value("a mill at dawn")
    expect(shots.nth(1).locator("textarea")).to_have_value("the mill at noon")
    expect(shots.nth(1).locator("input")).to_have_value("3")
    expect(page.locator("#prompt")).to_be_disabled()
    expect(page.locator("#prompt")).to_have_value("")
    expect(page.locator("#model")).to_be_focused()
    page.locator("#model").blur()
    page.keyboard.press("n")
    expect(shots.nth(0).locator("textarea")).to_be_focused()


def test_cancelling_on_the_page_of_a_generation_moves_the_focus_and_announces_the_end(page: Page) -> None:
    (row,) = submit(page, "a kite above the dunes", "sketch-video", duration="15")
    row.locator(".prompt").click()
    expect(page.locator("#header")).to_have_attribute("data-status", "processing", timeout=RENDER_TIMEOUT)
    page.locator("#cancel").press("Enter")
    expect(page.locator("#header")).to_have_attribute("data-status", "cancelled")
    expect(page.locator("#use-again")).to_be_focused()
    expect(page.locator("#announcer")).to_contain_text("Cancelled")


def test_a_user_needs_no_mouse(page: Page) -> None:
    page.keyboard.press("n")
    expect(page.locator("#prompt")).to_be_focused()
    page.keyboard.type("n is only a letter while typing /")
    page.keyboard.press("Control+Enter")
    row = page.locator("#rows > li").first
    expect(row).to_contain_text("n is only a letter while typing /")
    page.keyboard.press("Escape")
    page.keyboard.press("j")
    expect(row.locator(".prompt")).to_be_focused()
    page.keyboard.press("/")
    expect(page.locator("#search")).to_be_focused()
    page.keyboard.type("only letter")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(r"q=only\+letter"))
    expect(page.locator("#rows > li")).to_have_count(1)


def test_a_double_click_submits_once(page: Page) -> None:
    page.fill("#prompt", "one of a kind")
    page.dblclick("#submit")
    row = find_rows(page, "one of a kind")
    wait_until_succeeded(row)
    page.goto("/?q=one+of+a+kind")
    expect(row).to_have_count(1)


def test_copying_puts_the_curl_command_into_the_clipboard(page: Page) -> None:
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    (row,) = submit(page, "a letter in a bottle")
    row.locator(".prompt").click()
    button = page.get_by_role("button", name="Copy as curl")
    button.click()
    expect(page.get_by_role("button", name="Copied")).to_be_visible()
    assert "a letter in a bottle" in page.evaluate("() => navigator.clipboard.readText()")
    expect(button).to_be_visible()


def test_a_lost_connection_is_shown_until_it_is_back(page: Page, console_errors: ConsoleErrors) -> None:
    submit(page, "a bridge in the mist", "sketch-video", duration="4")
    page.route("**/generations/changes/**", lambda route: route.abort())
    expect(page.locator("#connection")).to_be_visible()
    page.unroute("**/generations/changes/**")
    expect(page.locator("#connection")).to_be_hidden()
    wait_until_succeeded(find_rows(page, "a bridge in the mist"))
    console_errors.clear()  # htmx logs every lost poll.


def test_an_expired_session_leads_to_the_sign_in_page(page: Page) -> None:
    page.context.clear_cookies(name=re.compile("^drover_session"))
    page.fill("#prompt", "too late")
    page.click("#submit")
    expect(page).to_have_url(re.compile("/accounts/login/"))


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1600])
def test_no_page_is_wider_than_its_screen(
    open_page: Callable[..., Page], signed_in: Any, scheme: str, width: int
) -> None:
    page = open_page(storage_state=signed_in, color_scheme=scheme, viewport={"width": width, "height": 800})
    page.goto("/")
    generation_url = page.locator("#rows .prompt").first.get_attribute("href") or ""
    for url in ("/", "/account/", "/?q=nothing+like+this", generation_url, "/no-such-page"):
        page.goto(url)
        assert page.evaluate("() => document.documentElement.scrollWidth") <= width


def test_everything_works_without_scripts(open_page: Callable[..., Page]) -> None:
    page = open_page(java_script_enabled=False)
    sign_in(page)
    page.select_option("#model", "sketch-video")
    page.fill("#prompt", "a quiet room")
    page.get_by_role("button", name="Show this model's options").click()
    expect(page.locator("#prompt")).to_have_value("a quiet room")
    page.fill("[name=param-duration]", "15")
    page.click("#submit")
    row = find_rows(page, "a quiet room")
    expect(row).to_have_count(1)
    row.get_by_role("button", name="Cancel").click()
    page.goto("/?q=quiet")
    page.get_by_role("link", name="Reload it every 5 seconds").click()
    expect(page).to_have_url(re.compile(r"\?q=quiet&refresh=5$"))
    expect(row).to_have_attribute("data-status", "cancelled")
    page.get_by_role("button", name="Sign out").click()
    expect(page).to_have_url(re.compile("/accounts/login/"))
