"""Recognise, decode and build `data:` URIs (RFC 2397)."""

import base64
import binascii
import re
from dataclasses import dataclass
from urllib.parse import unquote_to_bytes

from queueapp.errors import BadRequest

# A prompt may begin with "data:". Only text with a media type, and a comma without a space before it, is a
# URI.
_HEAD = re.compile(r"data:([\w.+-]+/[\w.+-]+)((?:;[\w.+-]+=[^;,\s]*)*)(;base64)?,", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class DataUri:
    """The content of a `data:` URI. `content_type` is the declared one; `body` may be something else."""

    content_type: str
    body: bytes

    def __str__(self) -> str:
        return f"data:{self.content_type};base64,{base64.b64encode(self.body).decode()}"


def parse(text: str) -> DataUri | None:
    """Return the content of a `data:` URI, or None for other text. Raises BadRequest for invalid base64."""
    head = _HEAD.match(text)
    if head is None:
        return None
    content_type, is_base64 = head[1].lower(), bool(head[3])
    body = unquote_to_bytes(text[head.end() :])
    return DataUri(content_type, _decode_base64(body) if is_base64 else body)


def _decode_base64(body: bytes) -> bytes:
    """Decode base64 leniently: line breaks, missing padding and the URL-safe alphabet occur in practice."""
    try:
        text = re.sub(r"\s+", "", body.decode("ascii")).rstrip("=").replace("-", "+").replace("_", "/")
        return base64.b64decode(text + "=" * (-len(text) % 4), validate=True)
    except (binascii.Error, ValueError):
        raise BadRequest("A data: URI contains invalid base64.") from None
