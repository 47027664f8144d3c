"""Make text from a hub fit to be stored and shown.

Redacted text is cut, and contains neither the API key, nor the content of `data:` URIs, nor characters
that a database cannot store (NUL, lone surrogates).
"""

import json
import re
from urllib.parse import quote

#: Characters of an error message that is shown, and of a body that is stored for diagnosis.
MAX_MESSAGE, MAX_RAW = 500, 2000
#: Characters of a `data:` URI's content that stay, so that two URIs can still be distinguished.
MAX_DATA_URI = 64
#: Characters that are searched for keys and URIs. The rest of a longer text is cut off unread.
MAX_INPUT = 64 * 1024
ELLIPSIS = "…"

_DATA_URI = re.compile(
    r"(data:[\w.+-]+/[\w.+-]+(?:;[\w.+-]+(?:=[^;,\s]{0,100})?){0,5},"
    rf"[^\s\"'<>\\]{{{MAX_DATA_URI}}})[^\s\"'<>\\]+",
    re.IGNORECASE,
)
_BEARER = re.compile(r"(bearer\s+)[^\s\"'<>,;]+", re.IGNORECASE)


class Redactor:
    """A function from text to redacted text. Its repr does not contain the key."""

    def __init__(self, key: str = "") -> None:
        forms = {key, quote(key, safe=""), json.dumps(key)[1:-1]} - {""}
        self._key = re.compile("|".join(map(re.escape, sorted(forms, key=len, reverse=True))), re.IGNORECASE)
        self._longest_form = max(map(len, forms), default=0)

    def __call__(self, text: str, limit: int = MAX_MESSAGE) -> str:
        """Return the redacted text, cut after `limit` characters."""
        if len(text) > MAX_INPUT:
            # A key that the cut splits would not be recognized, so its possible beginning is cut off, too.
            text = text[: MAX_INPUT - self._longest_form] + ELLIPSIS
        if self._longest_form:
            text = self._key.sub("[key]", text)
        text = _BEARER.sub(r"\1[key]", text)
        text = _DATA_URI.sub(rf"\1{ELLIPSIS}", text)
        text = text.replace("\0", "").encode("utf-8", "replace").decode()
        return text if len(text) <= limit else text[:limit] + ELLIPSIS
