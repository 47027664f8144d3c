"""A link or a redirect never leads to a private address, however it is written."""

import socket

import pytest

from queueapp.upstream import addresses
from queueapp.upstream.errors import InvalidLink, Unreachable, UpstreamError
from tests.hub.misbehaviour import Reply

PRIVATE_HOSTS = [
    "127.0.0.1",
    "127.1",
    "2130706433",
    "0x7f000001",
    "0x7f.1",
    "0177.0.0.1",
    "017700000001",
    "0",
    "0.0.0.0",
    "localhost",
    "[::1]",
    "[::]",
    "[::ffff:127.0.0.1]",
    "[::ffff:7f00:1]",
    "[::ffff:10.0.0.1]",
    "[64:ff9b::7f00:1]",
    "[64:ff9b::10.0.0.1]",
    "[64:ff9b:1::1]",
    "[2002:7f00:1::]",
    "[2001::1]",
    "[::127.0.0.1]",
    "[fe80::1]",
    "[fc00::1]",
    "[fec0::1]",
    "[ff02::1]",
    "[2001:db8::1]",
    "10.0.0.1",
    "172.16.0.1",
    "192.168.1.1",
    "169.254.169.254",
    "100.64.0.1",
    "192.0.0.1",
    "192.0.2.1",
    "198.18.0.1",
    "198.51.100.1",
    "203.0.113.1",
    "192.88.99.1",
    "224.0.0.1",
    "240.0.0.1",
    "255.255.255.255",
    "１２７.0.0.1",
    "127。0。0。1",
]


@pytest.fixture
def public_hub_client(client_of, hub):
    """A client of a hub with a public name, so that no address of this machine is the hub's own."""
    client = client_of(hub)
    client._transport.origin = type(client._transport.origin).parse("https://hub.example.org")
    return client


@pytest.mark.parametrize("host", PRIVATE_HOSTS)
def test_a_link_into_the_private_network_is_not_followed(public_hub_client, hub, target, host):
    with pytest.raises(UpstreamError) as raised:
        public_hub_client.download(f"http://{host}:{hub.port}/results/a.png", target, 100)
    assert isinstance(raised.value, InvalidLink), raised.value
    assert not hub.ledger.requests


@pytest.mark.parametrize("host", ["10.0.0.1", "[::1]", "2130706433", "localhost"])
def test_a_redirect_into_the_private_network_is_not_followed(hub, client, target, host):
    hub.pages["/x"] = Reply(302, b"", {"Location": f"http://{host}:{hub.port}/results/a.png"})
    with pytest.raises(InvalidLink, match="public internet"):
        client.download("/x", target, 100)
    assert len(hub.ledger.requests) == 1


@pytest.mark.parametrize(
    "resolved",
    [["10.0.0.7"], ["127.0.0.1"], ["93.184.216.34", "192.168.0.1"], ["::ffff:10.0.0.1"], ["fe80::1%eth0"]],
)
def test_a_host_name_with_a_private_address_is_not_followed(public_hub_client, target, monkeypatch, resolved):
    set_addresses(monkeypatch, {"cdn.example.test": [resolved]})
    with pytest.raises(InvalidLink):
        public_hub_client.download("http://cdn.example.test/a.png", target, 100)


def set_addresses(monkeypatch, names):
    """Resolve each name to its lists of addresses, one after the other, and return the resolved names."""
    lookups = []

    def getaddrinfo(host, port, *args, real=socket.getaddrinfo, **options):
        if host not in names:
            return real(host, port, *args, **options)
        lookups.append(host)
        answers = names[host]
        found = answers.pop(0) if len(answers) > 1 else answers[0]
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)) for address in found]

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    return lookups


def test_a_host_name_is_resolved_only_once(public_hub_client, hub, target, monkeypatch):
    hub.pages["/a.png"] = Reply(200, b"bytes")
    monkeypatch.setattr(addresses, "is_public", lambda address: address == "127.0.0.1")
    lookups = set_addresses(monkeypatch, {"cdn.example.test": [["127.0.0.1"], ["10.9.9.9"]]})
    stored = public_hub_client.download(f"http://cdn.example.test:{hub.port}/a.png", target, 100)
    assert stored.size == 5
    assert lookups == ["cdn.example.test"]
    assert hub.ledger.requests[0].key is None
    assert hub.ledger.requests[0].headers["host"] == f"cdn.example.test:{hub.port}"


def test_every_address_of_a_host_name_is_tried(public_hub_client, hub, target, monkeypatch):
    hub.pages["/a.png"] = Reply(200, b"bytes")
    monkeypatch.setattr(addresses, "is_public", lambda address: True)
    set_addresses(monkeypatch, {"cdn.example.test": [["127.0.0.2", "127.0.0.1"]]})
    assert public_hub_client.download(f"http://cdn.example.test:{hub.port}/a.png", target, 100).size == 5


def test_a_public_host_may_be_unreachable(public_hub_client, closed_address, target, monkeypatch):
    monkeypatch.setattr(addresses, "is_public", lambda address: True)
    with pytest.raises(Unreachable):
        public_hub_client.download(closed_address, target, 100)


def test_behind_a_proxy_private_addresses_are_still_refused(public_hub_client, open_hub, target, monkeypatch):
    proxy = open_hub()
    monkeypatch.setenv("HTTP_PROXY", proxy.url)
    proxy.pages["/a.png"] = Reply(200, b"bytes")
    for host in ("10.0.0.1", "[::ffff:10.0.0.1]", "0x0a000001"):
        with pytest.raises(InvalidLink):
            public_hub_client.download(f"http://{host}/a.png", target, 100)
    assert not proxy.ledger.requests
    assert public_hub_client.download("http://cdn.example.test/a.png", target, 100).size == 5


@pytest.mark.parametrize("address", ["8.8.8.8", "93.184.216.34", "2606:4700::1111", "64:ff9b::808:808"])
def test_public_addresses_are_public(address):
    assert addresses.is_public(address)


@pytest.mark.parametrize("address", ["", "example.org", "1.2.3", "::g"])
def test_text_that_is_not_an_address_is_not_public(address):
    assert not addresses.is_public(address)
