"""Colours as plain (red, green, blue) triples of 0..255, and the little arithmetic painters need."""

import colorsys
from collections.abc import Sequence
from itertools import pairwise

RGB = tuple[int, int, int]

WHITE: RGB = (255, 255, 255)
BLACK: RGB = (0, 0, 0)


def mix(a: RGB, b: RGB, share: float) -> RGB:
    """`a` with `share` (0..1) of `b` in it."""
    share = min(1.0, max(0.0, share))
    return (
        round(a[0] + (b[0] - a[0]) * share),
        round(a[1] + (b[1] - a[1]) * share),
        round(a[2] + (b[2] - a[2]) * share),
    )


def lighter(colour: RGB, share: float) -> RGB:
    """`colour` moved towards white."""
    return mix(colour, WHITE, share)


def darker(colour: RGB, share: float) -> RGB:
    """`colour` moved towards black."""
    return mix(colour, BLACK, share)


def luminance(colour: RGB) -> float:
    """How bright the eye finds it, 0..1 (gamma not undone: good enough to compare)."""
    return (0.299 * colour[0] + 0.587 * colour[1] + 0.114 * colour[2]) / 255


def hsl(hue: float, saturation: float, lightness: float) -> RGB:
    """From hue in turns (any number, wraps), saturation and lightness 0..1."""
    red, green, blue = colorsys.hls_to_rgb(hue % 1.0, lightness, saturation)
    return (round(red * 255), round(green * 255), round(blue * 255))


def shifted(colour: RGB, hue: float = 0.0, saturation: float = 1.0, lightness: float = 1.0) -> RGB:
    """`colour` with its hue turned (in turns) and its saturation and lightness multiplied."""
    h, light, sat = colorsys.rgb_to_hls(*(channel / 255 for channel in colour))
    return hsl(h + hue, min(1.0, sat * saturation), min(1.0, light * lightness))


def with_hue_of(colour: RGB, other: RGB, share: float) -> RGB:
    """`colour` drawn towards `other`'s hue and saturation while it keeps its own lightness."""
    h, _, sat = colorsys.rgb_to_hls(*(channel / 255 for channel in other))
    light = colorsys.rgb_to_hls(*(channel / 255 for channel in colour))[1]
    return mix(colour, hsl(h, sat * 0.9, light), share)


def along(stops: Sequence[tuple[float, RGB]], place: float) -> RGB:
    """The colour at `place` of a gradient given as ascending (place, colour) stops."""
    if place <= stops[0][0]:
        return stops[0][1]
    for (start, first), (end, second) in pairwise(stops):
        if place <= end:
            return mix(first, second, (place - start) / max(1e-6, end - start))
    return stops[-1][1]
