"""Repeatable chance: the same words always draw the same lots, on every machine and in every run."""

from hashlib import sha256
from random import Random


def digest(*parts: object) -> int:
    """A 64-bit number that depends on nothing but the text of `parts` and their order."""
    text = "\x1f".join(str(part) for part in parts)
    return int.from_bytes(sha256(text.encode("utf-8", "surrogatepass")).digest()[:8], "big")


def lots(*parts: object) -> Random:
    """A random generator seeded by `digest(*parts)`."""
    return Random(digest(*parts))  # noqa: S311 - pictures, not secrets
