"""Small real results: a PNG of one colour, an MP4 of a moment."""

import colorsys
import io
import zlib
from functools import lru_cache

import av
from PIL import Image


def colour_of(text: str) -> tuple[int, int, int]:
    """A colour of its own for each text, so that results can be told apart."""
    red, green, blue = colorsys.hsv_to_rgb(zlib.crc32(text.encode()) % 360 / 360, 0.6, 0.8)
    return round(red * 255), round(green * 255), round(blue * 255)


@lru_cache(maxsize=256)
def png(text: str) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (64, 48), colour_of(text)).save(out, "PNG")
    return out.getvalue()


@lru_cache(maxsize=32)
def mp4(text: str) -> bytes:
    out = io.BytesIO()
    with av.open(out, "w", format="mp4") as film:
        stream = film.add_stream("libx264", rate=8)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        frame = av.VideoFrame.from_image(Image.new("RGB", (64, 48), colour_of(text)))
        for moment in range(4):
            frame.pts = moment
            film.mux(stream.encode(frame))
        film.mux(stream.encode(None))
    return out.getvalue()
