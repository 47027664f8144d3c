"""Check what a video shows of its shots, lengths and seed, and that browsers can play it."""

import av
import pytest
from PIL import Image, ImageChops, ImageStat

from queueapp.engine import Stopped, Unrenderable, render, video
from queueapp.engine.video import RATE, shots_of
from queueapp.files.media import inspect


def frames(path):
    with av.open(str(path)) as container:
        return [frame.to_image() for frame in container.decode(video=0)]


def brightness(image):
    return ImageStat.Stat(image.convert("L")).mean[0]


def difference(one: Image.Image, other: Image.Image) -> float:
    return ImageStat.Stat(ImageChops.difference(one.convert("L"), other.convert("L"))).mean[0]


def test_a_two_shot_video_lasts_the_sum_of_its_shots(two_shots):
    assert two_shots.seconds == 2.0
    with av.open(str(two_shots.path)) as container:
        assert abs(container.duration / av.time_base - 2.0) < 0.1
        assert sum(1 for _ in container.decode(video=0)) == 2 * RATE


def test_each_shot_shows_its_own_prompt(two_shots):
    images = frames(two_shots.path)
    assert brightness(images[2]) > brightness(images[-2]) + 40


def test_each_shot_has_its_own_caption(make_video):
    shots = [{"prompt": f"abstract {word}", "duration": 1} for word in ("xyzzy xyzzy", "plugh plugh plugh")]
    images = frames(make_video(multi_prompt=shots).path)
    assert difference(*(image.crop((0, 120, 240, 135)) for image in (images[2], images[-2]))) > 2


@pytest.mark.parametrize(
    "prompt",
    [
        "the sea at noon",
        "mountains",
        "neon city",
        "abstract waves",
        "a geometric pattern",
        "a forest in snow",
    ],
)
def test_a_video_moves_far_more_than_a_still_does_in_the_same_codec(make_video, prompt, tmp_path):
    moving = frames(make_video(prompt=prompt, duration=2).path)
    video._encode(tmp_path / "still.mp4", moving[0].size, [moving[0]] * len(moving))
    still = frames(tmp_path / "still.mp4")
    assert difference(moving[RATE], moving[-1]) > 5 * difference(still[RATE], still[-1])
    assert difference(moving[RATE], moving[-1]) > 0.5
    steps = [difference(one, other) for one, other in zip(moving[::4], moving[4::4], strict=False)]
    assert min(steps) > 0.05


def test_browsers_can_start_to_play_before_the_whole_file_is_there(two_shots):
    data = two_shots.path.read_bytes()
    assert 0 < data.index(b"moov") < data.index(b"mdat")


def test_a_video_is_h264_in_a_colour_format_every_browser_shows(two_shots):
    with av.open(str(two_shots.path)) as container:
        stream = container.streams.video[0]
        assert (stream.codec_context.name, stream.codec_context.pix_fmt) == ("h264", "yuv420p")
        assert stream.average_rate == RATE
    assert inspect(two_shots.path).content_type == "video/mp4"


def test_the_same_seed_gives_the_same_video_and_another_number_another(make_video):
    params = {"prompt": "a lighthouse in rain", "duration": 1, "seed": 5, "aspect_ratio": "21:9"}
    first, again, other = make_video(**params), make_video(**params), make_video(variation="42:1", **params)
    assert first.path.read_bytes() == again.path.read_bytes() != other.path.read_bytes()
    assert difference(frames(first.path)[0], frames(other.path)[0]) > 2


@pytest.mark.parametrize(
    ("aspect", "size"), [("9:16", (360, 640)), ("1:1", (480, 480)), ("21:9", (640, 274))]
)
def test_a_video_has_the_shape_asked_for(make_video, aspect, size, monkeypatch):
    monkeypatch.undo()
    made = make_video(prompt="a hill", duration=1, aspect_ratio=aspect)
    info = inspect(made.path)
    assert (info.width, info.height) == (made.width, made.height) == size


def test_shots_share_the_duration_unless_they_carry_their_own():
    def lengths(shots, **more):
        return [count / RATE for _, count in shots_of({"multi_prompt": shots, **more})]

    a, b = {"prompt": "a", "duration": 2}, {"prompt": "b"}
    assert lengths([a, a]) == [2, 2]
    assert lengths([a, b]) == [2, 3]
    assert sum(lengths([b, b, b])) == 5
    assert lengths([a, b], duration=1) == [2, 1]
    assert len(lengths([b] * 15)) == 15


def test_a_whole_number_with_a_decimal_point_is_a_duration():
    assert shots_of({"prompt": "a", "duration": 3.0}) == [("a", 3 * RATE)]


@pytest.mark.parametrize(
    ("params", "words"),
    [
        ({}, "either prompt or multi_prompt"),
        ({"prompt": "a", "multi_prompt": [{"prompt": "b"}]}, "either prompt or multi_prompt"),
        ({"prompt": 3}, "needs a prompt"),
        ({"multi_prompt": [{"prompt": "a", "duration": 10}, {"prompt": "b", "duration": 10}]}, "20 seconds"),
        ({"multi_prompt": [{"prompt": "a"}] * 16}, "16 seconds"),
        ({"multi_prompt": []}, "list of shots"),
        ({"multi_prompt": "a"}, "list of shots"),
        ({"multi_prompt": ["a"]}, "list of shots"),
        ({"multi_prompt": [{"duration": 2}]}, "needs a prompt"),
        ({"prompt": "a", "duration": 16}, "between 1 and 15"),
        ({"prompt": "a", "duration": 0}, "between 1 and 15"),
        ({"prompt": "a", "duration": True}, "whole number"),
        ({"prompt": "a", "duration": 2.5}, "whole number"),
        ({"prompt": "a", "duration": "2"}, "whole number"),
        ({"prompt": "a", "duration": [2]}, "whole number"),
        ({"prompt": "a", "aspect_ratio": "5:1"}, "aspect_ratio"),
    ],
)
def test_shots_that_cannot_be_rendered_are_refused_in_words(make_video, params, words):
    with pytest.raises(Unrenderable, match=words):
        make_video(**params)


@pytest.mark.parametrize("stop_at", [2, 60, 300])
def test_stopping_a_video_midway_leaves_no_file(tmp_path, stop_at):
    calls = 0

    def checkpoint() -> None:
        nonlocal calls
        calls += 1
        if calls >= stop_at:
            raise Stopped

    params = {"prompt": "a hill", "duration": 15}
    with pytest.raises(Stopped):
        render("sketch-video", params, variation="1", folder=tmp_path, checkpoint=checkpoint)
    assert list(tmp_path.iterdir()) == []
