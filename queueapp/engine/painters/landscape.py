"""Views of the earth: what lies far, in the middle and near, and the prompt's things in their places."""

from queueapp.engine.colour import darker, mix, shifted
from queueapp.engine.easel import Easel, height_at
from queueapp.engine.layers import Layer
from queueapp.engine.painters import city as cities
from queueapp.engine.painters import land, sea
from queueapp.engine.painters.sky import sky
from queueapp.engine.painters.things import AFLOAT, Spot, place_ahead, place_near
from queueapp.engine.painters.weather import weather

#: Things that span the water, and things that call for a rock in the sea.
ACROSS = ("bridge",)
ON_ROCK = (
    "lighthouse",
    "castle",
    "house",
    "tree",
    "windmill",
    "tent",
    "deer",
    "blossom",
    "fir",
    "palm",
    "person",
    "cat",
    "dog",
    "fox",
    "wolf",
)
WET = ("sea", "beach", "island", "lake", "river")


def landscape(easel: Easel) -> list[Layer]:
    """All layers of a view with a sky, back to front."""
    places = set(easel.scene.places)
    wet = bool(places & set(WET)) or ("city" in places and "rain" in easel.scene.weather)
    if places == {"sky"}:
        return _sky_only(easel)
    tall = easel.height > easel.width
    horizon = easel.height * (0.62 if wet else 0.6) + (easel.height * 0.03 if tall else 0)
    layers = sky(easel, horizon)
    layers += place_ahead(easel, horizon)
    layers += _far(easel, horizon, places, wet)
    if wet:
        layers += _waterside(easel, horizon, places)
    else:
        layers += _ground(easel, horizon, places)
    return layers + weather(easel, horizon)


def _sky_only(easel: Easel) -> list[Layer]:
    horizon = easel.height * 0.93
    layers = sky(easel, horizon)
    layers += place_ahead(easel, horizon * 0.8)
    hills, skyline = land.hills(easel, horizon, [mix(easel.palette.far, easel.palette.near, 0.55)], 0.05, 0.4)
    layers += hills
    layers += place_near(easel, Spot(lambda x: height_at(skyline, easel, x), horizon, 0.8))
    return layers + weather(easel, horizon)


def _far(easel: Easel, horizon: float, places: set[str], wet: bool) -> list[Layer]:
    palette = easel.palette
    if "mountains" in places or ("lake" in places and "forest" not in places and "city" not in places):
        ranges = 2 if "minimal" in easel.scene.styles else 3 if wet else 4
        return land.mountains(easel, horizon, ranges)
    if "city" in places and wet:
        return cities.skyline(easel, horizon)
    if "forest" in places and wet:
        far = land.mountains(easel, horizon, 2)
        return far + land.forest(easel, horizon, rows=2, reach=0.12)
    if wet and places & {"sea", "beach", "island"}:
        colour = mix(palette.far, palette.low, 0.35)
        strip, _ = land.hills(easel, horizon + easel.height * 0.005, [colour], 0.022, 0.06)
        return strip if easel.rng.random() < 0.7 else []
    if "desert" in places or "city" in places or "minimal" in easel.scene.styles:
        return []
    colours = [mix(palette.far, palette.low, 0.35), mix(palette.far, palette.green, 0.2)]
    far, _ = land.hills(easel, horizon - easel.height * 0.02, colours, 0.07, 0.1)
    return far


def _waterside(easel: Easel, horizon: float, places: set[str]) -> list[Layer]:
    """Water, with the prompt's things on an island, across it, on it, or on the shore in front."""
    things = [thing.name for thing in easel.scene.things]
    inland = bool(places & {"lake", "river", "beach"}) and "island" not in places
    layers: list[Layer] = []
    if "island" in places or (not inland and any(name in ON_ROCK for name in things)):
        layers += _on_island(easel, horizon, places)
    else:
        layers += place_near(easel, Spot(lambda _: horizon + 1, horizon, 0.18), among=ACROSS)
    layers += sea.water(easel, round(horizon))
    layers += place_near(easel, Spot(lambda _: horizon, horizon, 0.4), among=AFLOAT)
    if not inland:
        return layers
    if "beach" in places:
        layers += sea.beach(easel, easel.height * 0.84)
        shore = Spot(lambda _: easel.height * 0.93, horizon, 0.5)
    else:
        front, skyline = land.sill(easel, 0.94)
        layers += [] if "city" in places else front
        shore = Spot(lambda x: height_at(skyline, easel, x) + easel.unit, horizon, 1.0)
    return layers + place_near(
        easel, shore, among=[name for name in things if name not in (*ACROSS, *AFLOAT)]
    )


def _on_island(easel: Easel, horizon: float, places: set[str]) -> list[Layer]:
    wide = easel.unit * (62 if "island" in places else 46)
    room = min(easel.width / 2, wide * 0.5)
    x = min(easel.width - room, max(room, easel.width * (1 - easel.light_x)))
    rock, points = sea.island(easel, x, round(horizon), wide, easel.unit * 9)
    spot = Spot(lambda at: _top_at(points, at), horizon, 0.18, centre=x, spread=wide * 0.5)
    return place_near(easel, spot, before=[rock])


def _top_at(points: list[tuple[float, float]], x: float) -> float:
    nearest = min(points, key=lambda point: abs(point[0] - x))
    return nearest[1] + 2


def _ground(easel: Easel, horizon: float, places: set[str]) -> list[Layer]:
    palette = easel.palette
    green = mix(palette.green, palette.near, palette.gloom * 0.5)
    if "city" in places:
        base = easel.height * 0.86
        layers = cities.skyline(easel, base) + cities.street(easel, base)
        return layers + place_near(easel, Spot(lambda _: easel.height * 0.95, base, 0.6))
    if "desert" in places:
        layers, skyline = land.dunes(easel, horizon)
        return layers + place_near(
            easel, Spot(lambda x: height_at(skyline, easel, x) + easel.unit, horizon, 0.7)
        )
    if "forest" in places:
        layers = land.forest(easel, horizon - easel.height * 0.12)
        front, skyline = land.sill(easel, 0.92)
        spot = Spot(lambda x: height_at(skyline, easel, x) + easel.unit, horizon, 1.0)
        return layers + place_near(easel, spot, after=front)
    if "field" in places or "village" in places:
        colours = [
            shifted(green, 0.02, 0.8, 1.12),
            shifted(green, -0.01, 1.0, 1.0),
            shifted(darker(green, 0.14), -0.02),
        ]
        count = 2 if "minimal" in easel.scene.styles else 3
        layers, skyline = land.hills(easel, horizon, colours[:count], 0.1, 0.25)
        return layers + place_near(
            easel, Spot(lambda x: height_at(skyline, easel, x) + easel.unit, horizon, 0.6)
        )
    layers = list[Layer]()
    if "minimal" not in easel.scene.styles:
        layers += land.forest(easel, easel.height * 0.86, rows=2, reach=0.3)
    front, skyline = land.sill(easel, 0.93)
    return layers + place_near(
        easel, Spot(lambda x: height_at(skyline, easel, x) + easel.unit, horizon, 1.0), after=front
    )
