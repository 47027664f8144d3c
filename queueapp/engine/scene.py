"""From a prompt's words to a `Scene`: what is seen, where, when, in which weather, colours and manner."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from queueapp.engine import lexicon
from queueapp.engine.chance import lots
from queueapp.engine.colour import RGB

_WORD = re.compile(r"[^\W_]+")
_LONGEST = 4000
#: Put before a thing that was named in the plural, as if it were a count.
_PLURAL = "+"

_HOME_OF: dict[str, str] = {
    "lighthouse": "sea", "boat": "sea", "whale": "sea", "fish": "sea", "palm": "beach",
    "cactus": "desert", "rocket": "space", "planet": "space", "bridge": "river", "castle": "mountains",
    "cat": "field", "dog": "field", "fox": "field", "wolf": "mountains", "deer": "forest",
    "house": "field", "tree": "field", "flowers": "field", "windmill": "field", "robot": "city",
    "car": "desert", "train": "field", "tent": "mountains", "person": "mountains", "birds": "sky",
    "balloon": "mountains", "moon": "mountains", "sun": "mountains", "stars": "mountains",
    "blossom": "lake", "fir": "mountains", "mushroom": "forest",
}  # fmt: skip


@dataclass(frozen=True)
class Thing:
    """Something to be placed in the scene: a name painters know, its colour if told, size 1 if usual."""

    name: str
    colour: RGB | None = None
    size: float = 1.0
    count: int = 1


@dataclass(frozen=True)
class Scene:
    """All that painters need to know of a prompt. Empty `places` means: nothing was recognised."""

    prompt: str
    places: tuple[str, ...]
    time: str
    weather: frozenset[str]
    things: tuple[Thing, ...]
    styles: frozenset[str]
    colours: tuple[RGB, ...]
    motif: str | None

    def has(self, name: str) -> bool:
        """Whether a thing of that name is in the scene."""
        return any(thing.name == name for thing in self.things)

    def thing(self, name: str) -> Thing | None:
        return next((thing for thing in self.things if thing.name == name), None)


def read(prompt: str) -> Scene:
    """The scene that `prompt` asks for; what it leaves open, its words decide, the same way every time."""
    terms = list(_terms(prompt))
    places = _found(terms, lexicon.PLACES)
    weather = frozenset(_found(terms, lexicon.WEATHER))
    styles = frozenset(_found(terms, lexicon.STYLES))
    things, loose = _things_and_colours(terms)
    if not places and not styles & {"pattern", "abstract"}:
        places = _places_without_words(things, weather)
    times = _found(terms, lexicon.TIMES)
    motifs = _found(terms, lexicon.MOTIFS)
    return Scene(
        prompt=prompt,
        places=places,
        time=times[0] if times else _time_without_words(prompt, things, weather, styles),
        weather=weather,
        things=things,
        styles=styles,
        colours=loose,
        motif=motifs[0] if motifs else None,
    )


def _terms(prompt: str) -> Iterator[str]:
    """The prompt's words in order, known pairs ("golden hour") as one term, plurals made singular."""
    words = [word.lower() for word in _WORD.findall(prompt[:_LONGEST])]
    words = [word for word in words if word not in lexicon.STOPWORDS]
    index = 0
    while index < len(words):
        pair = " ".join(_singular(word) for word in words[index : index + 2])
        if " " in pair and any(pair in table for table in _TABLES):
            yield pair
            index += 2
        else:
            known = _singular(words[index])
            if known != words[index] and known in lexicon.THINGS:
                yield _PLURAL
            yield known
            index += 1


_TABLES: tuple[Mapping[str, object], ...] = (
    lexicon.COLOURS, lexicon.TIMES, lexicon.WEATHER, lexicon.PLACES, lexicon.THINGS, lexicon.STYLES,
    lexicon.MOTIFS, lexicon.SIZES, lexicon.COUNTS,
)  # fmt: skip


def _singular(word: str) -> str:
    """`word`, or the known word it is the plural of."""
    if any(word in table for table in _TABLES):
        return word
    for ending in ("s", "es"):
        stem = word.removesuffix(ending)
        if stem != word and any(stem in table for table in _TABLES):
            return stem
    if word.endswith("ies") and any(word[:-3] + "y" in table for table in _TABLES):
        return word[:-3] + "y"
    return "light" if word == "lights" else word


def _found(terms: list[str], table: Mapping[str, str]) -> tuple[str, ...]:
    """The meanings that occur, in the order of the prompt, each once."""
    return tuple(dict.fromkeys(table[term] for term in terms if term in table))


def _things_and_colours(terms: list[str]) -> tuple[tuple[Thing, ...], tuple[RGB, ...]]:
    """Things with the words right before them ("a huge red boat") as theirs, and the colours left over."""
    things: dict[str, Thing] = {}
    loose: list[RGB] = []
    colour, size, count = None, 1.0, 1
    for term in terms:
        if term in lexicon.THINGS:
            name = lexicon.THINGS[term]
            things.setdefault(name, Thing(name, colour, size, count))
            colour, size, count = None, 1.0, 1
            continue
        if term in lexicon.COLOURS:
            if colour is not None:
                loose.append(colour)
            colour = lexicon.COLOURS[term]
            continue
        if term == _PLURAL:
            count = count if count > 1 else 3
            continue
        size = lexicon.SIZES.get(term, size)
        count = lexicon.COUNTS.get(term, count)
        if colour is not None:
            loose.append(colour)
            colour = None
    if colour is not None:
        loose.append(colour)
    return tuple(things.values()), tuple(dict.fromkeys(loose))


def _places_without_words(things: tuple[Thing, ...], weather: frozenset[str]) -> tuple[str, ...]:
    homes = [_HOME_OF[thing.name] for thing in things if thing.name in _HOME_OF]
    if homes:
        return (homes[0],)
    return ("mountains",) if weather - {"calm", "clear"} else ()


def _time_without_words(
    prompt: str, things: tuple[Thing, ...], weather: frozenset[str], styles: frozenset[str]
) -> str:
    names = {thing.name for thing in things}
    if names & {"moon", "stars"} or weather & {"aurora", "fireflies"} or "neon" in styles:
        return "night"
    if weather & {"rain", "storm", "fog"}:
        return "day"
    if "rainbow" in weather:
        return "day"
    if "minimal" in styles:
        return lots("time", prompt).choice(("day", "dawn", "golden"))
    return lots("time", prompt).choice(("day", "golden", "dawn", "day", "sunset", "dusk"))
