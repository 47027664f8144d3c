"""Decode the first frame of videos with PyAV."""

from pathlib import Path
from typing import NamedTuple

import av
from PIL import Image

from queueapp.files.media import MAX_PIXELS, InvalidMedia, MediaInfo


class FirstFrame(NamedTuple):
    """The first frame of a video as RGB, turned upright; `seconds` is the video's duration, if stored."""

    image: Image.Image
    seconds: float | None


def inspect(path: Path, content_type: str) -> MediaInfo:
    """Decode the first frame of a video and return what the video is. Raises InvalidMedia."""
    frame = read_first_frame(path, content_type)
    return MediaInfo.of(content_type, frame.image.size, frame.seconds)


def read_first_frame(path: Path, content_type: str) -> FirstFrame:
    """Decode the first frame of a video. Raises InvalidMedia."""
    try:
        return _decode_first_frame(path, "matroska" if content_type == "video/webm" else "mov")
    except InvalidMedia:
        raise
    except Exception as error:
        # PyAV raises its own errors, OSError, StopIteration and more.
        raise InvalidMedia("It is a damaged, incomplete or unknown video.") from error


def _decode_first_frame(path: Path, container_format: str) -> FirstFrame:
    # The format is fixed and PyAV gets an open file instead of a name. A playlist disguised as a video
    # would otherwise make the decoder open other files or URLs.
    with path.open("rb") as file, av.open(file, "r", format=container_format) as container:
        if not container.streams.video:
            raise InvalidMedia("It has no video track.")
        stream = container.streams.video[0]
        if stream.width * stream.height > MAX_PIXELS:
            raise InvalidMedia(f"It has too many pixels ({stream.width} × {stream.height}).")
        stream.codec_context.thread_count = 1
        frame = next(container.decode(stream))
        seconds = container.duration / av.time_base if container.duration else None
        return FirstFrame(_to_upright_image(frame), seconds)


def _to_upright_image(frame: av.VideoFrame) -> Image.Image:
    image: Image.Image = frame.to_image()  # type: ignore[no-untyped-call]
    return image.rotate(frame.rotation, expand=True) if frame.rotation else image
