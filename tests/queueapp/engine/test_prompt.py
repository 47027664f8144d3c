"""Check which words of a prompt are understood, and how."""

from random import Random

import pytest

from queueapp.engine import palette, prompt
from queueapp.engine.places import RIDGES
from queueapp.engine.subjects import SUBJECTS


def read(text):
    return prompt.read(text, Random(1))


def test_time_weather_place_and_subject_are_read():
    scene = read("A red sailboat on a lake, foggy, at golden hour")
    assert (scene.place, scene.time) == ("lake", "golden")
    assert "fog" in scene.moods
    assert scene.subjects == {"boat": prompt.COLOURS["red"]}


def test_colours_that_belong_to_no_subject_colour_the_whole():
    scene = read("abstract geometric pattern in blue and gold")
    assert scene.colours == (prompt.COLOURS["blue"], prompt.COLOURS["gold"])
    assert scene.place == "pattern"


def test_the_colour_of_a_subject_leaves_the_rest_as_it_is():
    assert read("a red balloon").colours == ()


def test_a_subject_without_a_place_stands_where_it_usually_does():
    assert read("a lighthouse").place == "sea"
    assert read("three cactuses").place == "desert"


def test_prompts_without_known_words_get_various_places():
    assert len({prompt.read("quarterly planning sync", Random(seed)).place for seed in range(20)}) > 2


@pytest.mark.parametrize(
    ("word", "place"), [("mountains", "mountains"), ("Cities", "city"), ("beaches", "sea"), ("LAKES", "lake")]
)
def test_plurals_and_capitals_are_understood(word, place):
    assert read(f"{word} somewhere").place == place


def test_every_subject_can_be_drawn():
    assert set(prompt.SUBJECTS) <= set(SUBJECTS)


def test_every_place_can_be_painted():
    assert set(prompt.PLACES) == {*RIDGES, "abstract", "pattern", "emblem"}


def test_every_time_of_day_has_a_palette():
    assert set(prompt.TIMES) <= set(palette.TIMES)
