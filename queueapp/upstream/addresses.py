"""Which addresses a link may lead to: public ones only, however they are written.

A hub's answer names links; one that led to this network's own machines would let a hub (or whoever can
write into its rows) read what only this network may see.
"""

import ipaddress
import socket

_IPv4 = ipaddress.IPv4Address
_IPv6 = ipaddress.IPv6Address

#: Ranges in which an IPv4 address is wrapped, and where in the 128 bits it ends (RFC 6052, 3056, 4291).
_WRAPPERS = (
    (ipaddress.IPv6Network("::ffff:0:0/96"), 0),
    (ipaddress.IPv6Network("64:ff9b::/96"), 0),
    (ipaddress.IPv6Network("2002::/16"), 80),
)
_GLOBAL_UNICAST = ipaddress.IPv6Network("2000::/3")
_TEREDO = ipaddress.IPv6Network("2001::/32")
_RELAYS = ipaddress.IPv4Network("192.88.99.0/24")


class ForbiddenAddress(Exception):
    """The name leads to an address that links must not lead to. Nothing was sent there."""


def is_public(address: str) -> bool:
    """Whether an IP address is one of the public internet: not private, loopback, link-local, multicast,
    reserved or unspecified, nor an IPv6 form of such an IPv4 address."""
    try:
        found = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return False
    if isinstance(found, _IPv6):
        for network, shift in _WRAPPERS:
            if found in network:
                return _is_public_v4(_IPv4(int(found) >> shift & 0xFFFFFFFF))
        return found in _GLOBAL_UNICAST and found.is_global and found not in _TEREDO
    return _is_public_v4(found)


def _is_public_v4(address: _IPv4) -> bool:
    return (
        address.is_global
        and not address.is_multicast
        and not address.is_reserved
        and not address.is_unspecified
        and address not in _RELAYS
    )


def resolve_public(host: str, port: int) -> list[str]:
    """The addresses of a host, all of them public.

    Asking the resolver covers every way to write an address (decimal, octal, hexadecimal, short). Raises
    ForbiddenAddress if even one is not public, and OSError when there is none.
    """
    found = [str(entry[4][0]) for entry in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]
    if not all(is_public(address) for address in found):
        raise ForbiddenAddress(host)
    return list(dict.fromkeys(found))


def may_be_public(host: str) -> bool:
    """For links that go through a proxy, which looks the name up itself: False for what is known here not
    to be public. A name that cannot be looked up here is the proxy's to judge."""
    try:
        resolve_public(host, 0)
    except ForbiddenAddress:
        return False
    except OSError:
        return True
    return True


def is_loopback(host: str) -> bool:
    """Whether a host, as written in a URL, is this machine itself."""
    name = host.strip("[]").rstrip(".").lower()
    if name == "localhost" or name.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False
