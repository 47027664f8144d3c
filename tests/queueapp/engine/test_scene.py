"""Which words are understood, and how."""

import pytest

from queueapp.engine import lexicon
from queueapp.engine.painters.figures import FIGURES
from queueapp.engine.scene import read


def test_times_weather_places_and_things_are_read():
    scene = read("Two red sailboats on a calm lake, foggy, at golden hour")
    assert scene.places == ("lake",)
    assert scene.time == "golden"
    assert scene.weather == {"calm", "fog"}
    boat = scene.thing("boat")
    assert boat is not None
    assert (boat.count, boat.colour) == (2, lexicon.COLOURS["red"])
    assert scene.colours == ()


def test_colours_that_belong_to_nothing_colour_the_whole():
    scene = read("abstract geometric pattern in blue and gold")
    assert scene.colours == (lexicon.COLOURS["blue"], lexicon.COLOURS["gold"])
    assert "pattern" in scene.styles
    assert scene.places == ()


def test_a_thing_without_a_place_stands_where_it_usually_does():
    assert read("a lighthouse").places == ("sea",)
    assert read("three cacti").places == ("desert",)


def test_words_it_does_not_know_leave_the_place_open():
    assert read("quarterly planning sync").places == ()


@pytest.mark.parametrize(
    ("word", "meaning"), [("mountains", "mountains"), ("Cities", "city"), ("waves", "sea")]
)
def test_plurals_and_capitals_are_understood(word, meaning):
    assert read(f"{word} somewhere").places == (meaning,)


def test_every_thing_in_the_lexicon_can_be_drawn():
    assert set(lexicon.THINGS.values()) - {"moon", "sun", "stars", "planet"} <= set(FIGURES)
