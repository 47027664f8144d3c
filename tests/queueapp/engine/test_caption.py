"""Check the caption: it shows the prompt, fits, and can be read."""

from random import Random

import pytest
from PIL import Image, ImageChops

from queueapp.engine.caption import caption, fitted
from queueapp.engine.places import compose

WIDTH = 10.0


def line(prompt: str, characters: int) -> str:
    """Return the caption that fits a width of so many characters."""
    return "".join(character for character, _ in fitted(prompt, lambda _: WIDTH, characters * WIDTH))


def drawn(prompt: str, frame: Image.Image) -> Image.Image:
    captioned = frame.copy()
    for layer in caption(prompt, frame):
        layer.draw(captioned, 0)
    return captioned


def changed_box(prompt: str, size: tuple[int, int] = (320, 320)):
    frame = Image.new("RGB", size, (40, 60, 90))
    return ImageChops.difference(drawn(prompt, frame), frame).getbbox()


def test_prompts_that_differ_in_an_unknown_word_have_different_captions():
    one, two = (
        compose(f"the sea at noon {word}", (320, 200), 0, Random(1), lambda: None, None).frame(0)
        for word in ("xyzzy", "plugh")
    )
    left, top, right, bottom = ImageChops.difference(one, two).getbbox() or (0, 0, 0, 0)
    assert right - left > 20
    assert 160 < top < bottom <= 200


def test_a_caption_is_at_the_bottom_left_inside_the_margins():
    left, top, right, bottom = changed_box("a lighthouse at dawn")
    assert 5 < left < 40
    assert right < 320 - 40
    assert 270 < top < bottom <= 320


def test_a_short_prompt_is_shown_whole_in_capitals():
    assert line("a lighthouse\n at   dawn", 40) == "A LIGHTHOUSE AT DAWN"


@pytest.mark.parametrize("length", [41, 60, 500, 5000])
def test_a_long_prompt_is_cut_to_fit_with_an_ellipsis(length):
    text = line("lighthouses " * (length // 12 + 1), 40)
    assert len(text) <= 40
    assert text.startswith("LIGHTHOUSES LIGHTHOUSES")
    assert text.endswith("…")


@pytest.mark.parametrize("size", [(320, 320), (180, 320), (320, 138)])
@pytest.mark.parametrize("prompt", ["W" * 5000, "wide words " * 500])
def test_a_long_prompt_never_reaches_the_edge(size, prompt):
    left, _, right, _ = changed_box(prompt, size)
    assert left > 5
    assert right < size[0] - 5


def test_letters_with_accents_are_shown_without_them():
    assert line("Café – Über “Ñandú”", 40) == "CAFE - UBER “NANDU”"


@pytest.mark.parametrize("prompt", ["", " \n", "猫と月", "🌊" * 9, "\x00", "\ud800"])
def test_a_prompt_without_letters_of_the_font_has_no_caption(prompt):
    assert changed_box(prompt) is None


@pytest.mark.parametrize(("ground", "is_lighter"), [((20, 20, 40), True), ((240, 235, 220), False)])
def test_a_caption_contrasts_with_what_is_below_it(ground, is_lighter):
    frame = Image.new("RGB", (320, 320), ground)
    low, high = drawn("a lighthouse", frame).convert("L").getextrema()
    level = frame.convert("L").getpixel((0, 0))
    assert (high - level > 120) if is_lighter else (level - low > 120)
