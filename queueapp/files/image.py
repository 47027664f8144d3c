"""Decode images with Pillow."""

import io
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from PIL import ExifTags, Image, ImageOps, features

from queueapp.files.media import MAX_PIXELS, InvalidMedia, MediaInfo

_CONTENT_TYPES = {
    "PNG": "image/png",
    "JPEG": "image/jpeg",
    "MPO": "image/jpeg",  # A JPEG followed by more images, as cameras write them.
    "WEBP": "image/webp",
    "GIF": "image/gif",
    "AVIF": "image/avif",
}
#: Only these decoders are tried. Pillow's JPEG decoder also opens MPO.
_FORMATS = ["PNG", "JPEG", "WEBP", "GIF", *(["AVIF"] if features.check("avif") else [])]
#: Exif orientations that turn the image by 90 or 270 degrees.
_SIDEWAYS = (5, 6, 7, 8)


def inspect(path: Path) -> MediaInfo:
    """Decode a whole image and return what it is. Raises InvalidMedia."""
    with _open(path) as image:
        content_type = _CONTENT_TYPES[image.format or ""]
        image.load()
        width, height = image.size
        is_sideways = image.getexif().get(ExifTags.Base.Orientation) in _SIDEWAYS
    return MediaInfo.of(content_type, (height, width) if is_sideways else (width, height))


def read_upright(path: Path, max_side: int) -> Image.Image:
    """Decode an image for a thumbnail, turned upright, as RGB or RGBA. Raises InvalidMedia.

    Large JPEGs are decoded at a smaller scale, at least twice `max_side`, which is much faster.
    """
    with _open(path) as image:
        image.draft("RGB", (max_side * 2, max_side * 2))
        image.load()
        return _convert_to_rgb(ImageOps.exif_transpose(image))


def encode_thumbnail(image: Image.Image, max_side: int) -> bytes:
    """Return an image as a WebP of at most `max_side` pixels a side. Smaller images keep their size."""
    image.thumbnail((max_side, max_side), Image.Resampling.LANCZOS, reducing_gap=3.0)
    target = io.BytesIO()
    image.save(target, "WEBP", quality=80, method=4)
    return target.getvalue()


@contextmanager
def _open(path: Path) -> Iterator[Image.Image]:
    """Open an image within the pixel limit. Errors, also those of the block, become InvalidMedia."""
    # MAX_PIXELS is stricter than Pillow's warning about large images, which would only fill the log.
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            image = Image.open(path, formats=_FORMATS)
        except Image.DecompressionBombError as error:
            raise InvalidMedia("It has too many pixels.") from error
        except Exception as error:
            raise InvalidMedia("It is not an image or video of a known type.") from error
        with image:
            if image.width * image.height > MAX_PIXELS:
                raise InvalidMedia(f"It has too many pixels ({image.width} × {image.height}).")
            try:
                yield image
            except Exception as error:
                raise InvalidMedia("It is a damaged or incomplete image.") from error


def _convert_to_rgb(image: Image.Image) -> Image.Image:
    """Return an image as RGBA if it has transparency, else as RGB."""
    if image.mode.startswith("I") or image.mode == "F":
        # 16-bit grey: Pillow's own conversion clips it to white.
        image = image.convert("F").point(lambda value: value * (1 / 257) + 0).convert("L")
    is_transparent = image.mode in ("RGBA", "LA", "PA") or "transparency" in image.info
    return image.convert("RGBA" if is_transparent else "RGB")
