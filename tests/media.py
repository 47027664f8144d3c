"""Small image and video files that tests upload."""

from io import BytesIO

import av
from PIL import Image


def mp4() -> bytes:
    """A video of one teal frame, 64 x 48."""
    target = BytesIO()
    with av.open(target, "w", format="mp4") as container:
        stream = container.add_stream("libx264", rate=5)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        frame = av.VideoFrame.from_image(Image.new("RGB", (64, 48), "teal"))
        container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return target.getvalue()


def decompression_bomb() -> bytes:
    """A PNG of some kilobytes with more pixels than Drover decodes."""
    target = BytesIO()
    Image.new("1", (20_000, 20_000)).save(target, "PNG")
    return target.getvalue()
