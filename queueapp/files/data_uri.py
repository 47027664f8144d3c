"""`data:` URIs: recognising them in parameters, and turning them into bytes and back."""

import base64
import binascii
import re
from dataclasses import dataclass
from urllib.parse import unquote_to_bytes

from queueapp.errors import BadRequest

# A prompt may begin with "data:"; only what has a media type, a comma and no space before it is a URI.
_HEAD = re.compile(r"data:([\w.+-]+/[\w.+-]+)((?:;[\w.+-]+=[^;,\s]*)*)(;base64)?,", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class DataUri:
    """The content of one `data:` URI. `content_type` is what the URI claims, not what the bytes are."""

    content_type: str
    body: bytes

    def __str__(self) -> str:
        return f"data:{self.content_type};base64,{base64.b64encode(self.body).decode()}"


def parse(text: str) -> DataUri | None:
    """The URI's content; None for text that is no `data:` URI; BadRequest for one that is broken."""
    head = _HEAD.match(text)
    if head is None:
        return None
    body = text[head.end() :]
    if not head[3]:
        return DataUri(head[1].lower(), unquote_to_bytes(body))
    try:
        # Line breaks and missing padding are met in practice; anything else is damage.
        packed = re.sub(r"\s+", "", unquote_to_bytes(body).decode("ascii")).rstrip("=")
        packed = packed.replace("-", "+").replace("_", "/")
        content = base64.b64decode(packed + "=" * (-len(packed) % 4), validate=True)
    except (binascii.Error, ValueError):
        raise BadRequest("A data: URI holds broken base64.") from None
    return DataUri(head[1].lower(), content)
