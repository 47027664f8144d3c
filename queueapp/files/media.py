"""What a file is, told by its bytes alone, and its thumbnail. Pure: no Django, no network.

Names and declared content types are never believed: results come from hubs and proxies.
"""

import io
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import av
from PIL import Image, ImageOps, features

#: Every content type that can be a result: its kind and the file ending it is stored with.
CONTENT_TYPES: dict[str, tuple[str, str]] = {
    "image/png": ("image", "png"),
    "image/jpeg": ("image", "jpg"),
    "image/webp": ("image", "webp"),
    "image/gif": ("image", "gif"),
    "image/avif": ("image", "avif"),
    "video/mp4": ("video", "mp4"),
    "video/quicktime": ("video", "mov"),
    "video/webm": ("video", "webm"),
}

MAX_PIXELS = 100_000_000

_PILLOW_TYPES = {
    "PNG": "image/png",
    "JPEG": "image/jpeg",
    "MPO": "image/jpeg",  # a JPEG with more pictures behind the first, as cameras make them
    "WEBP": "image/webp",
    "GIF": "image/gif",
    "AVIF": "image/avif",
}
_PILLOW_FORMATS = [
    name for name in ("PNG", "JPEG", "WEBP", "GIF", "AVIF") if name != "AVIF" or features.check("avif")
]
_HEADER_BYTES = 256
_EBML = b"\x1a\x45\xdf\xa3"


class InvalidMedia(ValueError):
    """The file is no picture and no film that can be shown; the message says why, in plain words."""


@dataclass(frozen=True)
class MediaInfo:
    """A verified file. `width` and `height` are pixels as shown, orientation applied.

    `seconds` is None for pictures and for films that do not tell their length.
    """

    kind: str
    content_type: str
    extension: str
    width: int
    height: int
    seconds: float | None


def inspect(path: Path) -> MediaInfo:
    """What the file at `path` is. `NotMedia` unless it decodes: a picture wholly, a film's first frame."""
    with path.open("rb") as file:
        head = file.read(_HEADER_BYTES)
    if not head:
        raise InvalidMedia("the file is empty")
    video_type = _video_type(head)
    if video_type:
        return _inspect_video(path, video_type)
    return _inspect_image(path)


def make_thumbnail(path: Path, kind: str, max_side: int = 320) -> bytes:
    """A WebP of at most `max_side` pixels a side, of a film's first frame; `NotMedia` as `inspect`."""
    if kind == "video":
        with path.open("rb") as file:
            content_type = _video_type(file.read(_HEADER_BYTES))
        if content_type is None:
            raise InvalidMedia("the file is no film of a known kind")
        picture = _first_frame(path, content_type)[0]
    else:
        with _open_image(path) as image:
            picture = _apply_orientation(image, max_side)
    picture.thumbnail((max_side, max_side), Image.Resampling.LANCZOS, reducing_gap=3.0)
    target = io.BytesIO()
    picture.save(target, "WEBP", quality=80, method=4)
    return target.getvalue()


def _video_type(head: bytes) -> str | None:
    """The content type of a film's container, from its first bytes; None for everything else."""
    if head.startswith(_EBML):
        if b"webm" not in head:
            raise InvalidMedia("the film is in a container browsers do not play")
        return "video/webm"
    if head[4:8] == b"ftyp":
        brand = head[8:12]
        if brand in (b"avif", b"avis", b"heic", b"heix", b"mif1", b"msf1"):
            return None
        return "video/quicktime" if brand == b"qt  " else "video/mp4"
    if head[4:8] in (b"moov", b"mdat", b"wide"):
        return "video/quicktime"
    return None


@contextmanager
def _open_image(path: Path) -> Iterator[Image.Image]:
    """The picture at `path`, opened and within the pixel limit; every way to be broken is `NotMedia`."""
    try:
        # The limit below is stricter than Pillow's warning, which would otherwise reach everybody's log.
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            image = Image.open(path, formats=_PILLOW_FORMATS)
    except Image.DecompressionBombError as error:
        raise InvalidMedia("the picture has too many pixels") from error
    except Exception as error:
        raise InvalidMedia("the file is no picture or film of a known kind") from error
    with image:
        if image.width * image.height > MAX_PIXELS:
            raise InvalidMedia(f"the picture has too many pixels ({image.width} x {image.height})")
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                yield image
        except InvalidMedia:
            raise
        except Exception as error:
            raise InvalidMedia("the picture is damaged or cut off") from error


def _inspect_image(path: Path) -> MediaInfo:
    with _open_image(path) as image:
        content_type = _PILLOW_TYPES[image.format or ""]
        image.load()
        width, height = image.size
        if image.getexif().get(0x0112) in (5, 6, 7, 8):
            width, height = height, width
    kind, extension = CONTENT_TYPES[content_type]
    return MediaInfo(kind, content_type, extension, width, height, None)


def _apply_orientation(image: Image.Image, max_side: int) -> Image.Image:
    """The picture as RGB or RGBA with its orientation applied. Large JPEGs are decoded at a smaller scale."""
    image.draft("RGB", (max_side * 2, max_side * 2))
    image.load()
    turned = ImageOps.exif_transpose(image)
    if turned.mode.startswith("I") or turned.mode == "F":
        # 16-bit greys: Pillow's own conversion would clip them to white.
        turned = turned.convert("F").point(lambda value: value * (1 / 257) + 0).convert("L")
    clear = turned.mode in ("RGBA", "LA", "PA") or "transparency" in turned.info
    return turned.convert("RGBA" if clear else "RGB")


def _inspect_video(path: Path, content_type: str) -> MediaInfo:
    picture, seconds = _first_frame(path, content_type)
    kind, extension = CONTENT_TYPES[content_type]
    return MediaInfo(kind, content_type, extension, picture.width, picture.height, seconds)


def _first_frame(path: Path, content_type: str) -> tuple[Image.Image, float | None]:
    """The first frame, and the length in seconds if told.

    The container's format is fixed and an open file is handed over, so that a playlist in disguise cannot
    make the decoder open other files or addresses.
    """
    demuxer = "matroska" if content_type == "video/webm" else "mov"
    try:
        with path.open("rb") as file, av.open(file, "r", format=demuxer) as container:
            if not container.streams.video:
                raise InvalidMedia("the file has no picture track")
            stream = container.streams.video[0]
            if stream.width * stream.height > MAX_PIXELS:
                raise InvalidMedia("the film has too many pixels")
            stream.codec_context.thread_count = 1
            frame = next(container.decode(stream))
            seconds = container.duration / av.time_base if container.duration else None
            return _rotate_frame(frame), seconds
    except InvalidMedia:
        raise
    except Exception as error:
        # PyAV raises many kinds (its own, OSError, StopIteration); all mean the same here.
        raise InvalidMedia("the film is damaged, cut off or of an unknown kind") from error


def _rotate_frame(frame: av.VideoFrame) -> Image.Image:
    """The frame as RGB, turned the way the file says it is to be shown."""
    picture: Image.Image = frame.to_image()  # type: ignore[no-untyped-call]
    return picture.rotate(frame.rotation, expand=True) if frame.rotation else picture
