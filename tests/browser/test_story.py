"""What a person does with Drover, done in Chromium."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import sign_in
from tests.running import Drover

LOADED = """image => image.decode().then(() => image.naturalWidth)"""
PLAYED = """video => new Promise((resolve, reject) => {
    video.muted = true;
    video.addEventListener("timeupdate", () => video.currentTime > 0.3 && resolve(video.currentTime));
    video.play().catch(reject);
})"""
#: Generous: the machine that runs the tests may be busy.
SLOW = 60_000


def submit(
    page: Page, prompt: str, model: str = "sketch-image", count: int = 1, **params: str
) -> list[Locator]:
    """Submit with the mouse; the rows that appeared, by their prompt."""
    if page.locator("#model").input_value() != model:
        with page.expect_response("**/generations/params/"):
            page.select_option("#model", model)
    page.fill("#prompt", prompt)
    page.fill("#num_generations", str(count))
    for name, value in params.items():
        page.fill(f"[name=param-{name}]", value)
    page.click("#submit")
    rows = page.locator("#rows > li", has_text=prompt)
    expect(rows).to_have_count(count)
    return [rows.nth(place) for place in range(count)]


def until_done(row: Locator) -> None:
    expect(row).to_have_attribute("data-status", "succeeded", timeout=SLOW)


def test_a_picture_is_asked_for_watched_and_opened(open_page: Callable[..., Page]) -> None:
    page = open_page()
    sign_in(page)
    page.evaluate("() => { window.neverLoadedAgain = true; }")
    for row in submit(page, "a lighthouse at dawn", count=3):
        until_done(row)
        assert row.locator("img").evaluate(LOADED) > 0
    assert page.evaluate("() => window.neverLoadedAgain")
    page.get_by_role("link", name="a lighthouse at dawn").first.click()
    picture = page.locator("img[data-result]")
    assert picture.evaluate(LOADED) > 0
    expect(page.locator("#siblings img")).to_have_count(3)


def test_a_film_is_made_played_and_sought_in(page: Page) -> None:
    (row,) = submit(page, "waves at dusk", "sketch-video", duration="2")
    row.locator(".prompt").click()
    film = page.locator("video[data-result]")
    expect(film).to_be_visible(timeout=SLOW)
    assert film.evaluate(PLAYED) > 0.3
    sought = """video => new Promise(resolve => {
        video.pause();
        video.addEventListener("seeked", () => resolve(video.currentTime), { once: true });
        video.currentTime = 1.5;
    })"""
    assert film.evaluate(sought) == pytest.approx(1.5, abs=0.2)


def test_a_film_of_two_shots_is_submitted_by_hand(page: Page) -> None:
    with page.expect_response("**/generations/params/"):
        page.select_option("#model", "sketch-video")
    page.fill("#prompt", "a harbour in fog")
    page.click("#shots summary")
    shots = page.locator("#shots .shot")
    expect(shots.first.locator("textarea")).to_have_value("a harbour in fog")
    page.click("[data-add-shot]")
    page.click("[data-add-shot]")
    for place, words in enumerate(("a harbour in fog", "the same harbour at noon")):
        shots.nth(place).locator("textarea").fill(words)
        shots.nth(place).locator("input").fill("1")
    shots.last.locator("[data-remove-shot]").click()
    page.click("#submit")
    row = page.locator("#rows > li", has_text="a harbour in fog / the same harbour at noon")
    expect(row).to_contain_text("2 shots")
    until_done(row)


def test_a_running_film_is_cancelled(page: Page) -> None:
    (row,) = submit(page, "a long road through the desert", "sketch-video", duration="15")
    expect(row).to_have_attribute("data-status", "processing", timeout=SLOW)
    row.get_by_role("button", name="Cancel").click()
    expect(row).to_have_attribute("data-status", "cancelled")
    expect(row.get_by_role("button")).to_have_count(0)


def test_text_focus_and_place_survive_what_changes_around_them(page: Page, drover: Drover) -> None:
    page.set_viewport_size({"width": 900, "height": 400})
    submit(page, "a field of poppies", count=4)
    submit(page, "wind over a field of poppies", "sketch-video", duration="8")
    page.fill("#prompt", "half a thou")
    last = page.locator("#rows > li").last
    last.scroll_into_view_if_needed()
    place = last.evaluate("row => row.getBoundingClientRect().top")
    page.locator("#search").evaluate("field => field.focus({ preventScroll: true })")
    drover.enqueue(prompt="something from a script")
    fresh = page.locator("#rows > li", has_text="something from a script")
    expect(fresh).to_have_count(1)
    until_done(fresh)
    assert last.evaluate("row => row.getBoundingClientRect().top") == pytest.approx(place, abs=1)
    expect(page.locator("#search")).to_be_focused()
    expect(page.locator("#prompt")).to_have_value("half a thou")


def test_the_focus_stays_in_a_row_that_changes(page: Page) -> None:
    (row,) = submit(page, "a candle in a window", "sketch-video", duration="3")
    row.locator(".prompt").focus()
    until_done(row)
    expect(row.locator(".prompt")).to_be_focused()


def test_what_a_script_enqueues_appears_by_itself_while_nothing_lives(page: Page, drover: Drover) -> None:
    expect(page.locator("#since")).to_have_attribute("data-going", "0")
    drover.enqueue(prompt="a guest from a script")
    expect(page.locator("#rows > li", has_text="a guest from a script")).to_have_count(1)


def test_a_film_goes_on_playing_while_its_siblings_end(page: Page) -> None:
    first, _ = submit(page, "clouds over a lake", "sketch-video", count=2, duration="2")
    first.locator(".prompt").click()
    film = page.locator("video[data-result]")
    expect(film).to_be_visible(timeout=SLOW)
    film.evaluate("video => { video.dataset.same = 'yes'; video.muted = true; return video.play(); }")
    expect(page.locator("#siblings img")).to_have_count(2, timeout=SLOW)
    expect(film).to_have_attribute("data-same", "yes")
    assert not film.evaluate("video => video.paused")


def test_what_is_wrong_is_told_at_its_field_and_nothing_is_lost(page: Page) -> None:
    page.select_option("#model", "sketch-image")
    page.click(".more summary")
    page.fill("[name=param-seed]", "-5")
    page.fill("#prompt", "a mill by a stream")
    page.click("#submit")
    expect(page.locator("#field-seed-error")).to_have_text("Must be at least 0.")
    expect(page.locator("#prompt")).to_have_value("a mill by a stream")
    page.fill("[name=param-seed]", "5")
    page.click("#submit")
    expect(page.locator("#rows > li", has_text="a mill by a stream")).to_contain_text("seed 5")
    expect(page.locator("#prompt")).to_have_value("")
    expect(page.locator(".error")).to_have_count(0)


def test_a_number_that_is_none_is_refused_and_kept(page: Page) -> None:
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


def test_shots_outlive_a_model_without_any(page: Page) -> None:
    def choose(model: str) -> None:
        page.locator("#model").focus()
        with page.expect_response("**/generations/params/"):
            page.select_option("#model", model)

    if page.locator("#model").input_value() != "sketch-video":
        choose("sketch-video")
    page.click("#shots summary")
    shots = page.locator("#shots .shot")
    shots.nth(0).locator("textarea").fill("a mill at dawn")
    shots.nth(1).locator("textarea").fill("the mill at noon")
    shots.nth(1).locator("input").fill("3")
    choose("sketch-image")
    expect(page.locator("#shots")).to_have_count(0)
    expect(page.locator("#prompt")).to_have_value("a mill at dawn")
    expect(page.locator("#prompt")).to_be_enabled()
    choose("sketch-video")
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


def test_the_focus_stays_on_the_page_of_what_changes_and_its_end_is_told(page: Page) -> None:
    (row,) = submit(page, "a kite above the dunes", "sketch-video", duration="15")
    row.locator(".prompt").click()
    expect(page.locator("#head")).to_have_attribute("data-status", "processing", timeout=SLOW)
    page.locator("#cancel").press("Enter")
    expect(page.locator("#head")).to_have_attribute("data-status", "cancelled")
    expect(page.locator("#again")).to_be_focused()
    expect(page.locator("#announcer")).to_contain_text("Cancelled")


def test_everything_can_be_done_from_the_keyboard(page: Page) -> None:
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
    row = page.locator("#rows > li", has_text="one of a kind")
    until_done(row)
    page.goto("/?q=one+of+a+kind")
    expect(row).to_have_count(1)


def test_a_lost_connection_is_said_and_mended(page: Page, complaints: list[str]) -> None:
    submit(page, "a bridge in the mist", "sketch-video", duration="4")
    page.route("**/generations/changes/**", lambda route: route.abort())
    expect(page.locator("#connection")).to_be_visible()
    page.unroute("**/generations/changes/**")
    expect(page.locator("#connection")).to_be_hidden()
    until_done(page.locator("#rows > li", has_text="a bridge in the mist"))
    complaints.clear()  # htmx tells the console of every question that was lost.


def test_a_session_that_has_ended_leads_to_the_sign_in_page(page: Page) -> None:
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
    first = page.locator("#rows .prompt").first
    for address in (
        "/",
        "/account/",
        "/?q=nothing+like+this",
        first.get_attribute("href") or "",
        "/no-such-page",
    ):
        page.goto(address)
        assert page.evaluate("() => document.documentElement.scrollWidth") <= width


def test_it_works_without_scripts(open_page: Callable[..., Page]) -> None:
    page = open_page(java_script_enabled=False)
    sign_in(page)
    page.select_option("#model", "sketch-video")
    page.fill("#prompt", "a quiet room")
    page.get_by_role("button", name="Show this model's options").click()
    expect(page.locator("#prompt")).to_have_value("a quiet room")
    page.fill("[name=param-duration]", "15")
    page.click("#submit")
    row = page.locator("#rows > li", has_text="a quiet room")
    expect(row).to_have_count(1)
    row.get_by_role("button", name="Cancel").click()
    page.goto("/?q=quiet")
    page.get_by_role("link", name="Reload it every 5 seconds").click()
    expect(page).to_have_url(re.compile(r"\?q=quiet&refresh=5$"))
    expect(row).to_have_attribute("data-status", "cancelled")
    page.get_by_role("button", name="Sign out").click()
    expect(page).to_have_url(re.compile("/accounts/login/"))
