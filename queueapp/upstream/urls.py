"""Parse and build the URLs of hubs, so that no name or id can change where a request goes.

Web processes import this module and need neither requests nor urllib3, so the functions import these.
"""

import re
from dataclasses import dataclass
from typing import Self
from urllib.parse import quote, urlsplit

from queueapp.upstream.errors import RequestRejected
from queueapp.upstream.parsing import as_id

#: The default port of each scheme (RFC 9110, 4.2).
DEFAULT_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class Origin:
    """Scheme, host and port of a URL (RFC 6454). An API key is sent to one origin only."""

    scheme: str
    host: str
    port: int

    @classmethod
    def parse(cls, url: str) -> Self:
        """Return the origin of an absolute http or https URL.

        Raises ValueError for everything else, with a message that does not repeat the URL.
        """
        from urllib3.exceptions import HTTPError
        from urllib3.util import parse_url

        try:
            # requests connects to what urllib3 parses; both parsers must agree on the host and the port.
            parts, parsed = urlsplit(url), parse_url(url)
            host, port = (parts.hostname or "").lower(), parts.port
        except (ValueError, HTTPError):
            raise ValueError("This is not a web address.") from None
        if parts.scheme not in ("http", "https") or not host or re.search(r"[\s\\\x00-\x1f\x7f]", url):
            raise ValueError("A web address starts with http:// or https:// and a host.")
        if "@" in parts.netloc:
            raise ValueError("A web address must not contain a user name or password.")
        if (parsed.host or "").strip("[]").lower() != host or parsed.port != port:
            raise ValueError("This web address is ambiguous.")
        return cls(parts.scheme, host, port or DEFAULT_PORTS[parts.scheme])

    @property
    def netloc(self) -> str:
        """The host, and the port unless it is the scheme's default."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == DEFAULT_PORTS[self.scheme] else f"{host}:{self.port}"


def normalize_base_url(url: str) -> str:
    """Return a hub's base URL as requests sends it, without the trailing slash.

    Raises ValueError, with a message for the admin, for an unusable URL.
    """
    import requests

    base = url.strip().rstrip("/")
    if "?" in base or "#" in base:
        raise ValueError("A hub's address contains no ? and no #.")
    Origin.parse(base)
    # Punycode and lower case, so that origins compare equal.
    return (requests.Request("GET", base).prepare().url or base).rstrip("/")


def normalize_key(key: str) -> str:
    """Return an API key without surrounding blanks. Raises ValueError if no header can carry it."""
    key = key.strip()
    if not key.isascii() or not key.isprintable() or " " in key:
        raise ValueError("The key contains characters that cannot be sent.")
    return key


def path_segment(text: str) -> str:
    """Quote a name as one path segment. Raises RequestRejected for a name that would change the path."""
    if not text or text in (".", "..") or not text.isprintable():
        raise RequestRejected("This name cannot be part of a web address.")
    return quote(text, safe="")


def model_path(name: str) -> str:
    """Quote a model's name as the rest of a path; its slashes stay slashes."""
    return "/".join(path_segment(part) for part in name.split("/"))


def id_segment(generation_id: str) -> str:
    """Return a generation id as a path segment. Raises RequestRejected for anything else."""
    if as_id(generation_id) is None:
        raise RequestRejected("This is not the id of a generation.")
    return generation_id
