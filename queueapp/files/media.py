"""Identify image and video files by their bytes, and make their thumbnails. Pure: no Django, no network.

File names and declared content types are ignored: results come from hubs and proxies that may be wrong.
"""

from dataclasses import dataclass
from pathlib import Path

#: The kind and the file extension of every content type that can be a result or an input.
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
#: Width times height. An RGBA image of this size takes 400 MB of memory.
MAX_PIXELS = 100_000_000

#: More than the first bytes that identify any container.
_HEADER_BYTES = 256
_EBML_MAGIC = b"\x1a\x45\xdf\xa3"
#: Brands of ISO media files that are images (AVIF, HEIF).
_IMAGE_BRANDS = (b"avif", b"avis", b"heic", b"heix", b"mif1", b"msf1")


def kind_of(content_type: str) -> str:
    """Return the kind of media of a content type: "image", "video", or another first part."""
    return content_type.partition("/")[0]


class InvalidMedia(ValueError):
    """A file is not an image or video that browsers show. The message is a sentence about "it"."""


@dataclass(frozen=True)
class MediaInfo:
    """The properties of a decoded file.

    `width` and `height` are in pixels, after rotation as the file asks for. `seconds` is None for images and
    for videos without a stored duration.
    """

    kind: str
    content_type: str
    extension: str
    width: int
    height: int
    seconds: float | None

    @classmethod
    def of(cls, content_type: str, size: tuple[int, int], seconds: float | None = None) -> "MediaInfo":
        """Build it with the kind and extension of a content type."""
        kind, extension = CONTENT_TYPES[content_type]
        return cls(kind, content_type, extension, *size, seconds)


# Pillow and PyAV take 20 MB of memory. They are imported on use, so that a web process that only shows pages
# loads neither.


def inspect(path: Path) -> MediaInfo:
    """Decode a file (an image wholly, of a video the first frame) and return what it is.

    Raises InvalidMedia.
    """
    content_type = _video_content_type(path)
    if content_type:
        from queueapp.files import video

        return video.inspect(path, content_type)
    from queueapp.files import image

    return image.inspect(path)


def make_thumbnail(path: Path, kind: str, max_side: int = 320) -> bytes:
    """Return a WebP thumbnail of an image or of a video's first frame, at most `max_side` pixels a side.

    Raises InvalidMedia.
    """
    from queueapp.files import image

    if kind == "image":
        return image.encode_thumbnail(image.read_upright(path, max_side), max_side)
    from queueapp.files import video

    content_type = _video_content_type(path)
    if content_type is None:
        raise InvalidMedia("It is not a video of a known type.")
    return image.encode_thumbnail(video.read_first_frame(path, content_type).image, max_side)


def _video_content_type(path: Path) -> str | None:
    """Return the content type of a video container by its first bytes, or None for any other file.

    Raises InvalidMedia for an empty file and for containers that browsers do not play.
    """
    with path.open("rb") as file:
        head = file.read(_HEADER_BYTES)
    if not head:
        raise InvalidMedia("It is empty.")
    if head.startswith(_EBML_MAGIC):
        if b"webm" not in head:
            raise InvalidMedia("It is a video in a container that browsers do not play.")
        return "video/webm"
    box, brand = head[4:8], head[8:12]
    if box == b"ftyp" and brand not in _IMAGE_BRANDS:
        return "video/quicktime" if brand == b"qt  " else "video/mp4"
    if box in (b"moov", b"mdat", b"wide"):
        return "video/quicktime"
    return None
