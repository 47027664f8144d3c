"""What a film owes to its shots, lengths and seed."""

import av
import pytest
from PIL import ImageChops, ImageStat

from queueapp.engine import Stopped, Unrenderable, render
from queueapp.engine.video import RATE, shots_of
from queueapp.files.media import inspect


def frames(path):
    with av.open(str(path)) as container:
        return [frame.to_image() for frame in container.decode(video=0)]


def brightness(picture):
    return ImageStat.Stat(picture.convert("L")).mean[0]


def test_a_two_shot_video_lasts_the_sum_of_its_shots(two_shots):
    assert two_shots.seconds == 2.0
    with av.open(str(two_shots.path)) as container:
        assert abs(container.duration / av.time_base - 2.0) < 0.1
        assert sum(1 for _ in container.decode(video=0)) == 2 * RATE


def test_each_shot_shows_its_own_prompt(two_shots):
    pictures = frames(two_shots.path)
    assert brightness(pictures[2]) > brightness(pictures[-2]) + 40


def test_a_film_moves(two_shots):
    pictures = frames(two_shots.path)
    assert ImageStat.Stat(ImageChops.difference(pictures[0], pictures[10])).sum[0] > 0


def test_browsers_can_start_to_play_before_the_whole_file_is_there(two_shots):
    data = two_shots.path.read_bytes()
    assert 0 < data.index(b"moov") < data.index(b"mdat")


def test_a_film_is_h264_in_a_colour_format_every_browser_shows(two_shots):
    with av.open(str(two_shots.path)) as container:
        stream = container.streams.video[0]
        assert (stream.codec_context.name, stream.codec_context.pix_fmt) == ("h264", "yuv420p")
        assert stream.average_rate == RATE
    assert inspect(two_shots.path).content_type == "video/mp4"


@pytest.mark.usefixtures("small")
def test_the_same_seed_gives_the_same_film_and_another_number_another(film):
    params = {"prompt": "minimal hill", "duration": 1, "seed": 5, "aspect_ratio": "21:9"}
    first, again, other = film(**params), film(**params), film(variation="42:1", **params)
    assert first.path.read_bytes() == again.path.read_bytes() != other.path.read_bytes()


@pytest.mark.parametrize(
    ("aspect", "size"), [("9:16", (360, 640)), ("1:1", (480, 480)), ("21:9", (640, 274))]
)
def test_a_film_has_the_shape_asked_for(film, aspect, size):
    made = film(prompt="minimal hill", duration=1, aspect_ratio=aspect)
    info = inspect(made.path)
    assert (info.width, info.height) == (made.width, made.height) == size


def test_shots_share_the_duration_unless_they_carry_their_own():
    def lengths(shots, **more):
        return [shot.frames / RATE for shot in shots_of({"multi_prompt": shots, **more})]

    a, b = {"prompt": "a", "duration": 2}, {"prompt": "b"}
    assert lengths([a, a]) == [2, 2]
    assert lengths([a, b]) == [2, 3]
    assert sum(lengths([b, b, b])) == 5
    assert lengths([a, b], duration=1) == [2, 1]
    assert len(lengths([b] * 15)) == 15


@pytest.mark.parametrize(
    ("params", "words"),
    [
        ({}, "either prompt or multi_prompt"),
        ({"prompt": "a", "multi_prompt": [{"prompt": "b"}]}, "either prompt or multi_prompt"),
        ({"multi_prompt": [{"prompt": "a", "duration": 10}, {"prompt": "b", "duration": 10}]}, "20 seconds"),
        ({"multi_prompt": []}, "list of shots"),
        ({"multi_prompt": [{"duration": 2}]}, "needs a prompt"),
        ({"prompt": "a", "duration": 16}, "between 1 and 15"),
        ({"prompt": "a", "duration": True}, "whole number"),
    ],
)
def test_shots_that_cannot_be_filmed_are_refused_in_words(film, params, words):
    with pytest.raises(Unrenderable, match=words):
        film(**params)


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize("stop_at", [2, 60, 300])
def test_stopping_a_film_midway_leaves_no_file(tmp_path, stop_at):
    calls = 0

    def checkpoint() -> None:
        nonlocal calls
        calls += 1
        if calls >= stop_at:
            raise Stopped

    params = {"prompt": "minimal hill", "duration": 15}
    with pytest.raises(Stopped):
        render("sketch-video", params, variation="1", folder=tmp_path, checkpoint=checkpoint)
    assert list(tmp_path.iterdir()) == []
