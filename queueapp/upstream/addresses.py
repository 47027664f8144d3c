"""Decide which IP addresses are on the public internet, however they are written.

The links in a hub's responses may lead to public addresses only. A link to a private address would let a
hub, or anybody who can write into its rows, read what only this network may see.
"""

import ipaddress
import socket

_IPv4 = ipaddress.IPv4Address

#: IPv6 ranges that embed an IPv4 address, with the number of bits that follow it (RFC 4291, 6052, 3056).
_IPV4_IN_IPV6 = (
    (ipaddress.IPv6Network("::ffff:0:0/96"), 0),
    (ipaddress.IPv6Network("64:ff9b::/96"), 0),
    (ipaddress.IPv6Network("2002::/16"), 80),
)
_GLOBAL_UNICAST = ipaddress.IPv6Network("2000::/3")
_TEREDO = ipaddress.IPv6Network("2001::/32")
#: 6to4 relay anycast (RFC 7526), which Python counts as global.
_6TO4_RELAYS = ipaddress.IPv4Network("192.88.99.0/24")


class ForbiddenAddress(Exception):
    """A host has an address that links must not lead to. Nothing was sent there."""


def is_public(address: str) -> bool:
    """Return whether an IP address is on the public internet.

    Private, loopback, link-local, multicast, reserved and unspecified addresses are not, and neither are
    IPv6 forms of such IPv4 addresses. Text that is no IP address is not public.
    """
    try:
        ip = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return False
    if isinstance(ip, _IPv4):
        return _is_public_ipv4(ip)
    for network, shift in _IPV4_IN_IPV6:
        if ip in network:
            return _is_public_ipv4(_IPv4(int(ip) >> shift & 0xFFFFFFFF))
    return ip in _GLOBAL_UNICAST and ip.is_global and ip not in _TEREDO


def _is_public_ipv4(ip: _IPv4) -> bool:
    return (
        ip.is_global
        and not ip.is_multicast
        and not ip.is_reserved
        and not ip.is_unspecified
        and ip not in _6TO4_RELAYS
    )


def resolve_public(host: str, port: int) -> list[str]:
    """Return the addresses of a host, all of them public.

    The resolver understands every notation of an address (decimal, octal, hexadecimal, short). Raises
    ForbiddenAddress if any address is not public, and OSError if the host cannot be resolved.
    """
    resolved = [str(entry[4][0]) for entry in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]
    if not all(is_public(address) for address in resolved):
        raise ForbiddenAddress(host)
    return list(dict.fromkeys(resolved))


def is_known_private(host: str) -> bool:
    """Return whether this machine resolves a host to an address that is not public.

    Used for links that are requested through a proxy. The proxy resolves the name itself, so a name that
    cannot be resolved here may still be public.
    """
    try:
        resolve_public(host, 0)
    except ForbiddenAddress:
        return True
    except OSError:
        return False
    return False


def is_loopback(host: str) -> bool:
    """Return whether a host, as written in a URL, is this machine itself."""
    name = host.strip("[]").rstrip(".").lower()
    if name == "localhost" or name.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False
