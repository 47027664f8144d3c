"""What a picture owes to its prompt, its seed and its parameters."""

from pathlib import Path

import pytest
from PIL import Image, ImageStat

from queueapp.engine import MODELS, Stopped, Unrenderable, render
from queueapp.engine.models import ASPECTS

SMALL = {"aspect_ratio": "21:9"}


def mean(path: Path) -> tuple[float, float, float]:
    """The picture's mean red, green and blue."""
    with Image.open(path) as picture:
        red, green, blue = ImageStat.Stat(picture.convert("RGB")).mean
    return red, green, blue


def part_near(path: Path, hues: range) -> float:
    """The part of the picture's clearly coloured pixels whose hue (0..255) lies in `hues`."""
    with Image.open(path) as picture:
        pixels = picture.convert("RGB").resize((128, 128)).convert("HSV")
    hue, saturation, _ = (channel.tobytes() for channel in pixels.split())
    coloured = [h for h, s in zip(hue, saturation, strict=True) if s > 60]
    return sum(h in hues for h in coloured) / max(1, len(coloured))


@pytest.mark.usefixtures("small")
def test_the_same_seed_gives_the_same_bytes(paint):
    first = paint("a lighthouse at dawn", seed=42, **SMALL)
    again = paint("a lighthouse at dawn", seed=42, **SMALL)
    assert first.path.read_bytes() == again.path.read_bytes()


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize("prompt", ["a lighthouse at dawn", "quarterly planning sync", "a geometric pattern"])
def test_each_of_several_generations_is_another_picture(paint, prompt):
    pictures = {paint(prompt, variation=f"42:{n}", seed=42, **SMALL).path.read_bytes() for n in range(3)}
    assert len(pictures) == 3


@pytest.mark.usefixtures("small")
def test_another_seed_gives_another_picture(paint):
    one, two = (paint("a forest", seed=seed, **SMALL).path.read_bytes() for seed in (1, 2))
    assert one != two


@pytest.mark.usefixtures("small")
def test_parameters_it_does_not_know_change_nothing(paint):
    plain = paint("a forest", seed=1, **SMALL)
    more = paint("a forest", seed=1, guidance=7, negative_prompt="rain", **SMALL)
    assert plain.path.read_bytes() == more.path.read_bytes()


@pytest.mark.usefixtures("small")
def test_a_sunset_is_warmer_than_a_night(paint):
    sunset, night = (
        mean(paint("the sea at sunset", **SMALL).path),
        mean(paint("the sea at night", **SMALL).path),
    )
    assert sunset[0] - sunset[2] > 20
    assert night[2] > night[0]
    assert sum(sunset) > sum(night) * 1.5


@pytest.mark.usefixtures("small")
def test_blue_and_gold_pattern_is_blue_and_gold(paint):
    for variation in ("1:0", "1:1"):
        path = paint("abstract geometric pattern in blue and gold", variation=variation, **SMALL).path
        blue, gold = part_near(path, range(140, 175)), part_near(path, range(20, 46))
        assert blue > 0.2
        assert gold > 0.2
        assert blue + gold > 0.95


@pytest.mark.usefixtures("small")
def test_a_colour_before_a_thing_is_that_thing_s_colour(paint):
    sky = "in a blue sky at noon"
    reds, greens = range(10), range(85, 115)
    red = paint(f"a huge red balloon {sky}", **SMALL).path
    green = paint(f"a huge green balloon {sky}", **SMALL).path
    assert part_near(red, reds) > 0.01 > part_near(green, reds)
    assert part_near(green, greens) > part_near(red, greens) + 0.01


@pytest.mark.usefixtures("small")
def test_unknown_words_still_decide_the_picture(paint):
    one, two = mean(paint("quarterly planning sync", **SMALL).path), mean(paint("zyx wvu", **SMALL).path)
    assert sum(abs(a - b) for a, b in zip(one, two, strict=True)) > 20


@pytest.mark.parametrize("aspect", ASPECTS)
def test_every_aspect_ratio_has_its_shape(paint, aspect):
    made = paint("minimal poster of a green hill", aspect_ratio=aspect, output_format="jpg")
    across, down = ASPECTS[aspect]
    assert max(made.width, made.height) == 1024
    assert abs(made.width / made.height - across / down) < 0.01
    with Image.open(made.path) as picture:
        assert picture.size == (made.width, made.height)


def test_a_picture_is_square_png_unless_told(paint):
    made = paint("minimal hill")
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
def test_the_format_asked_for_is_in_the_bytes(paint, name, content_type, start):
    made = paint("a minimal hill", output_format=name, **SMALL)
    assert made.content_type == content_type
    assert made.path.read_bytes().startswith(start)


@pytest.mark.parametrize(
    "prompt", ["", " ", "\x00", "\ud800", "猫と月", "🌊" * 50, "a" * 20000, "sea " * 3000]
)
def test_any_text_is_answered_with_a_picture(paint, prompt):
    assert paint(prompt, output_format="jpg", **SMALL).path.stat().st_size > 1000


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize("stop_at", [1, 4, 12])
def test_stopping_midway_leaves_no_file(tmp_path, stop_at):
    calls = 0

    def checkpoint() -> None:
        nonlocal calls
        calls += 1
        if calls >= stop_at:
            raise Stopped

    with pytest.raises(Stopped):
        render("sketch-image", {"prompt": "a forest"}, variation="1", folder=tmp_path, checkpoint=checkpoint)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.usefixtures("small")
def test_a_stop_after_the_last_stroke_leaves_no_file_either(tmp_path):
    calls = []
    folder = tmp_path / "counted"
    folder.mkdir()
    params = {"prompt": "minimal hill", **SMALL}
    render("sketch-image", params, variation="1", folder=folder, checkpoint=lambda: calls.append(1))

    def checkpoint() -> None:
        calls.pop()
        if not calls:
            raise Stopped

    late = tmp_path / "late"
    late.mkdir()
    with pytest.raises(Stopped):
        render("sketch-image", params, variation="1", folder=late, checkpoint=checkpoint)
    assert list(late.iterdir()) == []


def test_the_text_model_and_unknown_ones_are_refused_in_words(tmp_path):
    for name in ("sketch-text", "flux-1-dev"):
        with pytest.raises(Unrenderable, match=name):
            render(name, {"prompt": "a"}, variation="1", folder=tmp_path, checkpoint=lambda: None)


def test_a_parameter_that_cannot_be_painted_is_named(paint):
    with pytest.raises(Unrenderable, match="aspect_ratio"):
        paint("a", aspect_ratio="5:1")
    with pytest.raises(Unrenderable, match="output_format"):
        paint("a", output_format="bmp")


def test_the_catalog_has_an_image_a_video_and_a_text_model():
    assert {model.name: model.media_type for model in MODELS} == {
        "sketch-image": "image",
        "sketch-video": "video",
        "sketch-text": "text",
    }
    assert all(model.capabilities["output"] == [model.media_type] for model in MODELS)
