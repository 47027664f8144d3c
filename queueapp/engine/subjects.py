"""Draw the silhouettes of subjects."""

from PIL import Image

from queueapp.engine.prompt import RGB
from queueapp.engine.shapes import Drawing, Size

#: Shapes in percent of a subject's height: x from its middle to the right, y from the ground up. Four numbers
#: are an ellipse (x, y and two radii), more are a polygon. "*" marks light and "-" cuts out.
SUBJECTS = {
    "lighthouse": "-10 0 10 0 6 76 -6 76, -10 75 10 75 10 78 -10 78, * -5 78 5 78 5 88 -5 88,"
    "-8 88 8 88 0 99, * -9 16 9 16 8 32 -8 32, * -7.5 48 7.5 48 7 62 -7 62, 10 0 36 0 36 14 23 22 10 14",
    "boat": "-36 14 40 14 28 0 -26 0, -1 14 1 14 1 100 -1 100, 3 20 33 20 3 95, -3 20 -26 20 -3 82",
    "house": "-50 0 50 0 50 50 -50 50, -62 48 62 48 34 90 -34 90, 18 80 30 80 30 100 18 100,"
    "* -34 18 -14 18 -14 38 -34 38, * 14 18 34 18 34 38 14 38",
    "cactus": "-8 0 8 0 8 92 -8 92, 0 92 8 8, -30 36 0 36 0 48 -30 48, -30 36 -20 36 -20 72 -30 72,"
    "-25 72 5 5, 0 26 28 26 28 38 0 38, 18 26 28 26 28 60 18 60, 23 60 5 5",
    "pine": "-25 12 25 12 0 50, -20 34 20 34 0 72, -14 58 14 58 0 100, -3 0 3 0 3 20 -3 20",
    "balloon": "0 68 30 32, -25 52 25 52 7 24 -7 24, -7 0 7 0 8 13 -8 13, -7 13 -5 13 -4 25 -6 25,"
    "5 13 7 13 6 25 4 25, * 0 68 11 31.5, 0 68 5 31",
    "bird": "-40 50 -66 63 -54 59 -40 47 -27 61 -14 61 -27 66, 16 80 -4 90 5 87 16 78 26 89 36 88 26 92,"
    "52 30 35 38 43 36 52 28 60 37 69 37 60 40, -90 88 -105 95 -98 93 -90 86 -82 95 -75 94 -82 97",
    "fox": "2 26 21 28, -14 0 20 0 12 55 -6 60, 2 68 16 14, -12 74 -13 100 3 80, 16 74 17 100 1 80,"
    "-10 62 -24 58 -5 76, 10 2 42 0 58 14 56 36 46 24 30 16",
    "person": "0 91 7.5 9, -13 44 13 44 12 78 5 83 -5 83 -12 78, -11 0 -3 0 1 46 -12 46, 3 0 11 0 12 46 0 46",
    "fish": "0 50 60 24, 45 50 90 80 80 50 90 20, - -38 56 4 4",
    "cup": "42 42 18 17, - 44 42 10 9, -36 30 -22 8 22 8 36 30 40 66 -40 66, 0 5 56 5,"
    "-14 74 -20 84 -13 92 -17 100 -9 92 -15 84, 10 74 4 84 11 92 7 100 15 92 9 84",
    "bust": "0 68 19 25, -9 30 9 30 9 55 -9 55, -50 0 50 0 47 20 34 33 10 42 -10 42 -34 33 -47 20,"
    "-20 82 20 82 23 90 16 97 -16 97 -23 90, -21 78 21 78 20 83 -20 83, 0 52 14 14",
    "watch": "-12 0 12 0 14 100 -14 100, 0 50 30 30, * 0 50 24.5 24.5, -1.2 50 1.2 50 0.8 68 -0.8 68,"
    "0 49 14 55 13.5 57 0 51, 30 47 34 47 34 53 30 53",
    "planet": "* 0 50 60 13, - 0 51 46 8, 0 50 30 30,"
    "* -60 50 -46 49 -30 45 0 43 30 45 46 49 60 50 44 41 0 37 -44 41",
    "tree": "-4 0 4 0 2 40 20 70 17 71 1 48 -14 70 -17 68 -2 40, 0 70 20 14, -20 66 14 11, 20 67 14 11,"
    "-9 80 15 11, 10 82 14 10, -26 74 9 7, 27 75 9 7, -12 60 10 8, 14 59 10 8, 0 92 10 7, * -14 84 6 4,"
    "* 6 88 5 4, * -24 72 4 3, * 16 76 6 4, * -4 72 5 4, * -13 63 4 3, * 24 66 4 3, * 8 62 4 3",
}
SUBJECTS["blossom"] = SUBJECTS["tree"]
AIRBORNE = ("balloon", "bird", "planet", "fish")
#: Heights in units and colours, where they are not 0.2 and the ground's.
HEIGHTS = {"lighthouse": 0.4, "blossom": 0.42, "tree": 0.34, "pine": 0.32, "bird": 0.1, "fish": 0.1,
           "house": 0.12, "balloon": 0.28, "planet": 0.3}  # fmt: skip
OWN_COLOURS: dict[str, RGB] = {"blossom": (240, 160, 186), "planet": (226, 178, 150), "fox": (204, 96, 44)}


def silhouette(name: str, height: float, size: Size, x: float) -> tuple[Image.Image, Image.Image]:
    """Return the masks of a subject's body and of its lights, `height` pixels high, at `x` on its ground."""
    body, light = Drawing(size), Drawing(size)
    for shape in SUBJECTS[name].split(","):
        mark, *rest = shape.split()
        numbers = [float(word) * height / 100 for word in (rest if mark in "*-" else [mark, *rest])]
        levels = (0, 255) if mark == "*" else (0, 0) if mark == "-" else (255, 0)
        points = [(x + left, size[1] - up) for left, up in zip(numbers[::2], numbers[1::2], strict=True)]
        for drawing, level in zip((body, light), levels, strict=True):
            if len(points) == 2:
                drawing.ellipse(*points[0], numbers[2], numbers[3], level)
            else:
                drawing.polygon(points, level)
    return body.mask(), light.mask()
