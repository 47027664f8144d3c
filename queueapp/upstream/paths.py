"""Addresses and their parts, made from what people and hubs wrote, so that none can lead elsewhere."""

from urllib.parse import quote

import requests

from .errors import Refused
from .reading import ident
from .transport import Origin


def base(url: str) -> str:
    """A hub's address as given by a person, without its last slash; ValueError with words for a bad one."""
    base = url.strip().rstrip("/")
    if "?" in base or "#" in base:
        raise ValueError("A hub's address has no question mark and no number sign.")
    Origin.of(base)
    # As requests will write it (punycode, lower case), so that origins compare equal.
    return (requests.Request("GET", base).prepare().url or base).rstrip("/")


def usable(key: str) -> str:
    """A key without the blanks of a careless paste; ValueError for what no header can carry."""
    key = key.strip()
    if not key.isascii() or not key.isprintable() or " " in key:
        raise ValueError("The key holds characters that cannot be sent.")
    return key


def segment(text: str) -> str:
    """A name as one part of a path. Refused for those that would change the path itself."""
    if not text or text in (".", "..") or not text.isprintable():
        raise Refused("This name cannot stand in a web address.")
    return quote(text, safe="")


def model_path(name: str) -> str:
    """A model in a path is everything to the path's end, slashes included."""
    return "/".join(segment(part) for part in name.split("/"))


def id_segment(generation: str) -> str:
    """An id as one part of a path."""
    if ident(generation) is None:
        raise Refused("This is no id of a generation.")
    return generation
