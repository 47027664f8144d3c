"""Every figure the engine can draw: how, how large, and how wide its box is."""

from collections.abc import Callable
from dataclasses import dataclass

from queueapp.engine.colour import RGB
from queueapp.engine.painters.animals import birds, cat, deer, dog, fish, fox, whale, wolf
from queueapp.engine.painters.buildings import bridge, castle, house, lighthouse, tent, windmill
from queueapp.engine.painters.pen import Pen
from queueapp.engine.painters.plants import blossom, cactus, fir, mushroom, palm, tree
from queueapp.engine.painters.vehicles import balloon, boat, car, person, robot, rocket, train

Draw = Callable[[Pen, RGB | None], None]


@dataclass(frozen=True)
class Figure:
    """How to draw a thing; `tall` in units of the easel, `wide` the box's width in heights."""

    draw: Draw
    tall: float
    wide: float


FIGURES: dict[str, Figure] = {
    "lighthouse": Figure(lighthouse, 40, 0.75),
    "tree": Figure(tree, 40, 0.95),
    "blossom": Figure(blossom, 42, 0.95),
    "fir": Figure(fir, 36, 0.7),
    "palm": Figure(palm, 44, 1.0),
    "house": Figure(house, 20, 1.1),
    "boat": Figure(boat, 24, 1.0),
    "castle": Figure(castle, 40, 1.1),
    "bridge": Figure(bridge, 26, 5.1),
    "robot": Figure(robot, 36, 0.9),
    "balloon": Figure(balloon, 24, 0.8),
    "birds": Figure(birds, 11, 2.4),
    "rocket": Figure(rocket, 36, 0.7),
    "windmill": Figure(windmill, 40, 1.1),
    "tent": Figure(tent, 14, 1.6),
    "cactus": Figure(cactus, 22, 0.8),
    "person": Figure(person, 22, 0.6),
    "car": Figure(car, 12, 2.5),
    "train": Figure(train, 9, 5.1),
    "mushroom": Figure(mushroom, 16, 1.1),
    "flowers": Figure(tree, 10, 1.0),
    "cat": Figure(cat, 26, 1.4),
    "dog": Figure(dog, 26, 1.4),
    "fox": Figure(fox, 24, 1.7),
    "wolf": Figure(wolf, 26, 1.7),
    "deer": Figure(deer, 34, 1.1),
    "whale": Figure(whale, 15, 3.2),
    "fish": Figure(fish, 12, 2.2),
}
