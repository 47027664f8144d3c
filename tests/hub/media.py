"""Encode small results: a PNG of one color and an MP4 of half a second."""

import colorsys
import io
import zlib
from functools import lru_cache

import av
from PIL import Image

SIZE = (64, 48)


def color_of(text: str) -> tuple[int, int, int]:
    """Return a color that depends on the text, so that results can be told apart."""
    red, green, blue = colorsys.hsv_to_rgb(zlib.crc32(text.encode()) % 360 / 360, 0.6, 0.8)
    return round(red * 255), round(green * 255), round(blue * 255)


@lru_cache(maxsize=256)
def png(text: str) -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", SIZE, color_of(text)).save(buffer, "PNG")
    return buffer.getvalue()


@lru_cache(maxsize=32)
def mp4(text: str) -> bytes:
    buffer = io.BytesIO()
    with av.open(buffer, "w", format="mp4") as video:
        stream = video.add_stream("libx264", rate=8)
        (stream.width, stream.height), stream.pix_fmt = SIZE, "yuv420p"
        frame = av.VideoFrame.from_image(Image.new("RGB", SIZE, color_of(text)))
        for number in range(4):
            frame.pts = number
            video.mux(stream.encode(frame))
        video.mux(stream.encode(None))
    return buffer.getvalue()
