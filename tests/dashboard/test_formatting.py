"""Durations, sizes and parameters are shown as short texts."""

from typing import Any

import pytest

from dashboard.formatting import (
    format_bytes,
    format_duration,
    format_typical_duration,
    format_video_length,
    summarize_params,
)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (-1, "0.0 s"),
        (0, "0.0 s"),
        (2.54, "2.5 s"),
        (9.94, "9.9 s"),
        (12.9, "12 s"),
        (59.9, "59 s"),
        (65, "1 min 05 s"),
        (3600, "1 h 00 min"),
        (7845, "2 h 10 min"),
    ],
)
def test_a_duration_has_at_most_two_units(seconds: float, text: str) -> None:
    assert format_duration(seconds) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.2, "about 1 s"), (12.3, "about 12 s"), (89, "about 89 s"), (100, "about 2 min")],
)
def test_a_typical_duration_is_rounded(seconds: float, text: str) -> None:
    assert format_typical_duration(seconds) == text


@pytest.mark.parametrize(("seconds", "text"), [(0.2, "0:01"), (5, "0:05"), (75, "1:15")])
def test_a_video_length_looks_like_in_a_player(seconds: float, text: str) -> None:
    assert format_video_length(seconds) == text


@pytest.mark.parametrize(
    ("count", "text"), [(1, "1 kB"), (1499, "1 kB"), (999_000, "999 kB"), (2_340_000, "2.3 MB")]
)
def test_a_size_is_shown_in_kilobytes_or_megabytes(count: int, text: str) -> None:
    assert format_bytes(count) == text


@pytest.mark.parametrize(
    ("params", "text"),
    [
        ({"prompt": "a fox"}, ""),
        ({"seed": 7, "aspect_ratio": "16:9"}, "16:9 · seed 7"),
        ({"duration": 5}, "5 s"),
        ({"duration": "short"}, "short length"),
        ({"multi_prompt": [{"prompt": "a"}, {"prompt": "b"}], "seed": 1}, "2 shots · seed 1"),
        ({"multi_prompt": [{"prompt": "a"}]}, "1 shot"),
        ({"hd": True, "loop": False, "guidance_scale": 2.5}, "hd · guidance scale 2.5"),
        ({"image_url": "https://a.b/c.png", "style": "x" * 21}, ""),
        ({"a": 1, "b": 2, "c": 3, "d": 4}, "a 1 · b 2 · c 3"),
    ],
)
def test_a_summary_names_the_first_distinguishing_parameters(params: dict[str, Any], text: str) -> None:
    assert summarize_params(params) == text
