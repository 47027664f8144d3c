"""Read a prompt's words into a scene: place, time of day, moods, colours and subjects."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from random import Random

RGB = tuple[int, int, int]

#: Characters of a prompt that are read. A prompt of megabytes would take seconds without a checkpoint.
MAX_CHARACTERS = 10_000


def _table(text: str) -> dict[str, list[str]]:
    """Return each meaning (the first word of a row) with all words that stand for it."""
    return {row.split()[0]: row.split() for row in text.split(",")}


TIMES = _table("""
dawn sunrise daybreak morning, day noon midday afternoon sunny daylight summer spring bright tropical,
golden autumn fall warm, sunset sundown evening, dusk twilight nightfall,
night midnight moon moonlit moonlight starry dark neon cyberpunk aurora northern galaxy space
""")
MOODS = _table("""
rain rainy raining drizzle shower monsoon storm stormy thunder thunderstorm, fog foggy mist misty haze hazy,
snow snowy snowfall snowing blizzard winter frozen arctic icy christmas, aurora borealis northern,
neon cyberpunk synthwave vaporwave glowing,
pastel soft dreamy watercolor watercolour aquarelle, sun, moon
""")
#: Of several places in a prompt, the first in this order counts.
PLACES = _table("""
pattern geometric geometry mosaic tile tessellation bauhaus mandala wallpaper,
emblem logo icon badge sticker product studio watch clock cup mug portrait headshot face selfie,
abstract gradient texture background wave swirl fluid underwater reef coral aquarium fish,
space galaxy cosmos nebula universe cosmic orbit milky mars planet spaceship rocket astronaut,
city skyline town street downtown metropolis skyscraper manhattan tokyo paris cyberpunk urban,
desert dune sahara canyon mesa savanna cactus, lake pond fjord reflection river stream lagoon blossom sakura,
sea ocean coast bay harbor harbour shore seascape cliff beach island isle lighthouse boat sailboat ship,
forest wood jungle woodland taiga grove rainforest, mountains mountain alp peak summit ridge volcano pine,
hills hill field meadow prairie farm garden countryside grass park vineyard village house cottage barn fox
""")
SUBJECTS = _table("""
bust portrait headshot face selfie, lighthouse beacon, boat sailboat yacht sail ship canoe, cactus, balloon,
house cottage cabin hut home barn, blossom cherry sakura, tree oak maple elm willow palm, pine fir spruce,
bird seagull gull crow goose eagle swallow, fox wolf dog puppy corgi cat kitten, watch clock, planet saturn,
person man woman girl boy hiker wanderer traveler child, cup coffee tea mug cafe, fish whale shark dolphin
""")
_HEX_COLOURS = """
red ce2e2c crimson b01632 scarlet e22e22 rust b04a22 orange f07e24 amber fab014 peach ffc49e copper b86c3e
brown 784e30 gold deaa38 golden e2ac3c yellow f8d03c ochre cc862c sand e0c496 lime a4d034 green 3a8e54
emerald 149468 olive 787c34 mint 96debe teal 108488 underwater 108488 turquoise 32c4be cyan 2ec6e0 blue 2660b6
azure 3088de navy 162658 indigo 423092 violet 7e4ec4 purple 763ca0 lavender b4a2e2 magenta d0248c pink f090b0
rose e86c88 white f4f3ee cream f8ecd0 silver bcc4cc grey 848a92 gray 848a92 black 18181e beige deceb2
"""


def from_hex(text: str) -> RGB:
    """Return the colour that six hexadecimal digits stand for."""
    red, green, blue = bytes.fromhex(text)
    return red, green, blue


COLOURS = {name: from_hex(digits) for name, digits in re.findall(r"(\w+) (\w{6})", _HEX_COLOURS)}


@dataclass(frozen=True)
class Scene:
    """The understood part of a prompt; `subjects` maps each to the colour right before it, or None."""

    place: str
    time: str
    moods: frozenset[str]
    colours: tuple[RGB, ...]
    subjects: Mapping[str, RGB | None]


def read(prompt: str, random: Random) -> Scene:
    """Return the scene that `prompt` describes. `random` chooses what the words leave open."""
    words = re.findall(r"[^\W_]+", prompt[:MAX_CHARACTERS].lower())
    subjects: dict[str, RGB | None] = dict.fromkeys(_named(words, SUBJECTS))
    colours = []
    for word, following in zip(words, [*words[1:], ""], strict=False):
        if word in COLOURS and (owners := _named([following], SUBJECTS)):
            subjects |= dict.fromkeys(owners, COLOURS[word])
        elif word in COLOURS:
            colours.append(COLOURS[word])
    open_place = random.choice(("mountains", "sea", "lake", "hills", "abstract", "forest", "desert"))
    return Scene(
        place=[*_named(words, PLACES), open_place][0],
        time=[*_named(words, TIMES), random.choice(("dawn", "day", "golden", "sunset", "dusk"))][0],
        moods=frozenset(_named(words, MOODS)),
        colours=tuple(colours),
        subjects=subjects,
    )


def _named(words: list[str], table: Mapping[str, list[str]]) -> list[str]:
    """Return the meanings of the words, or of the singulars of plurals, in the table's order."""
    plurals = [word for word in words if word.endswith("s")]
    forms = {*words, *(form for word in plurals for form in (word[:-1], word[:-2], f"{word[:-3]}y"))}
    return [meaning for meaning, known in table.items() if not forms.isdisjoint(known)]
