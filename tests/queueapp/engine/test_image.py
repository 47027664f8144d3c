"""Check what an image shows of its prompt, its seed, its parameters and its input image."""

import time
from itertools import pairwise
from pathlib import Path
from random import Random

import pytest
from PIL import Image, ImageChops, ImageDraw, ImageStat

from queueapp.builtin_models import ASPECTS
from queueapp.engine import Stopped, Unrenderable, image, render
from queueapp.engine.places import compose

WIDE = {"aspect_ratio": "21:9"}


def opened(path: Path) -> Image.Image:
    with Image.open(path) as file:
        return file.convert("RGB")


def mean(path: Path) -> tuple[float, float, float]:
    """Return the image's mean red, green and blue."""
    red, green, blue = ImageStat.Stat(opened(path)).mean
    return red, green, blue


def distance(one: Path, other: Path) -> float:
    """Return the mean difference of two images' channels, 0..255."""
    stat = ImageStat.Stat(ImageChops.difference(opened(one), opened(other)))
    return sum(stat.mean) / 3


def part_near(path: Path, hues: range) -> float:
    """Return the part of the image's clearly coloured pixels whose hue (0..255) lies in `hues`."""
    pixels = opened(path).resize((128, 128)).convert("HSV")
    hue, saturation, _ = (channel.tobytes() for channel in pixels.split())
    coloured = [h for h, s in zip(hue, saturation, strict=True) if s > 60]
    return sum(h in hues for h in coloured) / max(1, len(coloured))


def test_the_same_seed_gives_the_same_bytes(make_image):
    first, again = (make_image("a lighthouse at dawn", seed=42) for _ in range(2))
    assert first.path.read_bytes() == again.path.read_bytes()


@pytest.mark.parametrize(
    "prompt", ["a lighthouse at dawn", "quarterly planning sync", "a geometric pattern", "abstract waves"]
)
def test_each_of_several_generations_is_another_image(make_image, prompt):
    images = [make_image(prompt, variation=f"42:{n}", seed=42).path for n in range(3)]
    assert min(distance(images[n], images[n - 1]) for n in range(3)) > 2


def test_another_seed_gives_another_image(make_image):
    one, two = (make_image("a forest", seed=seed).path for seed in (1, 2))
    assert distance(one, two) > 2


def test_unknown_parameters_change_nothing(make_image):
    plain = make_image("a forest", seed=1)
    more = make_image("a forest", seed=1, guidance=7, negative_prompt="rain")
    assert plain.path.read_bytes() == more.path.read_bytes()


def test_a_sunset_is_warmer_than_a_night(make_image):
    sunset, night = (mean(make_image(f"the sea at {time}").path) for time in ("sunset", "night"))
    assert sunset[0] - sunset[2] > 20
    assert night[2] > night[0]
    assert sum(sunset) > sum(night) * 1.5


@pytest.mark.parametrize("words", ["{} mountains", "{} sea at night", "abstract {} waves", "something {}"])
def test_a_named_colour_is_visible(make_image, words):
    red, blue = (mean(make_image(words.format(colour)).path) for colour in ("red", "blue"))
    assert red[0] - blue[0] > 25
    assert blue[2] - red[2] > 25


def test_a_blue_and_gold_pattern_is_blue_and_gold(make_image):
    for variation in ("1:0", "1:1"):
        path = make_image("abstract geometric pattern in blue and gold", variation=variation, **WIDE).path
        blue, gold = part_near(path, range(140, 175)), part_near(path, range(20, 46))
        assert blue > 0.2
        assert gold > 0.2
        assert blue + gold > 0.95


def test_a_colour_before_a_subject_is_its_colour(make_image):
    reds, greens = range(12), range(85, 115)
    red, green = (make_image(f"a {colour} balloon in a sky at noon").path for colour in ("red", "green"))
    assert part_near(red, reds) > 0.01 > part_near(green, reds)
    assert part_near(green, greens) > part_near(red, greens) + 0.01


@pytest.mark.parametrize(
    ("plain", "more"),
    [
        ("the sea", "the sea with a lighthouse"),
        ("a town", "a town in rain"),
        ("hills", "hills in snow"),
        ("a forest", "a forest in fog"),
        ("a fjord at night", "a fjord at night with an aurora"),
    ],
)
def test_weather_and_subjects_are_visible(make_image, plain, more, monkeypatch):
    monkeypatch.setattr(image, "Random", lambda key: Random(1))
    assert distance(make_image(plain, **WIDE).path, make_image(more, **WIDE).path) > 1.5


def test_unknown_words_still_decide_the_image(make_image):
    one, two = mean(make_image("quarterly planning sync").path), mean(make_image("zyx wvu").path)
    assert sum(abs(a - b) for a, b in zip(one, two, strict=True)) > 20


@pytest.mark.parametrize("aspect", ASPECTS)
def test_every_aspect_ratio_has_its_shape(make_image, aspect, monkeypatch):
    monkeypatch.setattr(image, "LONG_EDGE", 1024)
    made = make_image("a green hill", aspect_ratio=aspect, output_format="jpg")
    across, down = ASPECTS[aspect]
    assert max(made.width, made.height) == 1024
    assert abs(made.width / made.height - across / down) < 0.01
    assert opened(made.path).size == (made.width, made.height)


def test_an_image_is_a_square_png_by_default(make_image, monkeypatch):
    monkeypatch.undo()
    made = make_image("a hill")
    assert (made.width, made.height, made.content_type, made.seconds) == (1024, 1024, "image/png", None)


@pytest.mark.parametrize(
    ("name", "content_type", "start"),
    [
        ("png", "image/png", b"\x89PNG"),
        ("jpg", "image/jpeg", b"\xff\xd8\xff"),
        ("jpeg", "image/jpeg", b"\xff\xd8\xff"),
        ("webp", "image/webp", b"RIFF"),
    ],
)
def test_the_format_asked_for_is_in_the_bytes(make_image, name, content_type, start):
    made = make_image("a hill", output_format=name, **WIDE)
    assert made.content_type == content_type
    assert made.path.read_bytes().startswith(start)


@pytest.mark.parametrize(
    "prompt",
    ["", " ", "\x00", "\ud800", "...", "猫と月", "кот", "é", "🌊" * 50, "a" * 20000, "sea " * 3000, "-\n-"],
)
def test_any_text_is_answered_with_an_image(make_image, prompt):
    assert make_image(prompt, output_format="jpg", **WIDE).path.stat().st_size > 1000


def test_a_very_long_prompt_takes_no_longer(make_image):
    started = time.process_time()
    make_image("red sea of foxes under the moon, " * 150)
    assert time.process_time() - started < 0.5


def test_a_prompt_of_megabytes_takes_no_longer(make_image):
    started = time.process_time()
    make_image("red foxes " * 300_000)
    assert time.process_time() - started < 0.5


def test_naming_a_colour_many_times_adds_no_nebulas():
    composition = compose("red galaxy " * 500, (64, 64), 0, Random(1), lambda: None, None)
    assert len(composition.layers) < 20


def test_an_input_image_shows_through(make_image, tmp_path):
    source = Image.new("RGB", (400, 200), (20, 20, 20))
    ImageDraw.Draw(source).rectangle((200, 0, 400, 200), fill=(240, 240, 240))
    source.save(tmp_path / "input.png")
    path = make_image("a calm evening", input_image=tmp_path / "input.png").path
    grey = opened(path).convert("L")
    left, right = (ImageStat.Stat(grey.crop((x, 60, x + 120, 240))).mean[0] for x in (20, 180))
    assert right - left > 80


def test_an_input_image_takes_the_colours_of_the_prompt(make_image, tmp_path):
    Image.linear_gradient("L").convert("RGB").save(tmp_path / "input.png")
    red, blue = (
        mean(make_image(f"a {colour} evening", input_image=tmp_path / "input.png").path)
        for colour in ("red", "blue")
    )
    assert red[0] - blue[0] > 20
    assert blue[2] - red[2] > 20


@pytest.mark.parametrize("mode", ["L", "P", "RGBA", "CMYK", "1", "LA"])
def test_any_kind_of_image_can_be_the_input(make_image, tmp_path, mode):
    suffix = "jpg" if mode == "CMYK" else "png"
    Image.new(mode, (3, 5)).save(tmp_path / f"input.{suffix}")
    assert make_image("sea", input_image=tmp_path / f"input.{suffix}").path.exists()


@pytest.mark.parametrize(
    "data", [b"", b"no image", b"\x89PNG\r\n\x1a\n" + b"\0" * 40, b"%!PS-Adobe-3.0 EPSF-3.0"]
)
def test_an_input_that_is_no_image_is_refused_in_words(make_image, tmp_path, data):
    (tmp_path / "input").write_bytes(data)
    with pytest.raises(Unrenderable, match="input image cannot be read"):
        make_image("sea", input_image=tmp_path / "input")


def stopping_at(call: int):
    """Return a checkpoint that stops the render when it is called for the `call`th time."""
    calls = iter(range(1, call))

    def checkpoint() -> None:
        if next(calls, None) is None:
            raise Stopped

    return checkpoint


@pytest.mark.parametrize("call", [1, 4, 12])
def test_stopping_midway_leaves_no_file(tmp_path, call):
    with pytest.raises(Stopped):
        render(
            "sketch-image",
            {"prompt": "a forest"},
            variation="1",
            folder=tmp_path,
            checkpoint=stopping_at(call),
        )
    assert list(tmp_path.iterdir()) == []


def test_stopping_after_the_file_is_written_leaves_no_file_either(tmp_path):
    written = []

    def checkpoint() -> None:
        written.extend(tmp_path.iterdir())
        if written:
            raise Stopped

    with pytest.raises(Stopped):
        render("sketch-image", {"prompt": "hill"}, variation="1", folder=tmp_path, checkpoint=checkpoint)
    assert written
    assert list(tmp_path.iterdir()) == []


def test_checkpoints_are_never_far_apart(tmp_path, monkeypatch):
    monkeypatch.setattr(image, "LONG_EDGE", 1024)
    times = [time.process_time()]
    render(
        "sketch-image",
        {"prompt": "neon city in the rain"},
        variation="1",
        folder=tmp_path,
        checkpoint=lambda: times.append(time.process_time()),
    )
    assert max(after - before for before, after in pairwise(times)) < 0.2


def test_the_text_model_and_unknown_ones_are_refused_in_words(tmp_path):
    for name in ("sketch-text", "flux-1-dev"):
        with pytest.raises(Unrenderable, match=name):
            render(name, {"prompt": "a"}, variation="1", folder=tmp_path, checkpoint=lambda: None)


@pytest.mark.parametrize(
    ("params", "name"),
    [({"aspect_ratio": "5:1"}, "aspect_ratio"), ({"output_format": "bmp"}, "output_format")],
)
def test_a_parameter_that_cannot_be_painted_is_named(make_image, params, name):
    with pytest.raises(Unrenderable, match=name):
        make_image("a", **params)


def test_an_image_without_a_prompt_is_refused_in_words(tmp_path):
    with pytest.raises(Unrenderable, match="prompt is missing"):
        render("sketch-image", {}, variation="1", folder=tmp_path, checkpoint=lambda: None)
