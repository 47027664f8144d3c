"""Results: stored whole or not at all, and from nowhere they should not be."""

import socket
import time

import pytest

from queueapp.upstream import addresses
from queueapp.upstream.errors import (
    AmbiguousResponse,
    Busy,
    InvalidLink,
    LinkExpired,
    Unreachable,
    UpstreamError,
)
from tests.hub import misbehaviour as mis
from tests.hub.misbehaviour import Reply


@pytest.fixture
def target(tmp_path):
    folder = tmp_path / "results"
    folder.mkdir()
    return folder / "result.png"


def finished(hub, client, model="flux-1-dev"):
    (generation,) = client.enqueue(model, {"prompt": "a cat"}, 1).ids
    hub.finish(generation)
    return client.get_generation(generation)


def test_a_picture_and_a_film_are_stored_as_they_are(hub, client, target):
    for model, head, kind in (
        ("flux-1-dev", b"\x89PNG", "image/png"),
        ("google-veo-3", b"\0\0\0", "video/mp4"),
    ):
        stored = client.download(finished(hub, client, model).result_url, target, 10**6)
        assert target.read_bytes().startswith(head)
        assert (stored.path, stored.size, stored.content_type) == (target, target.stat().st_size, kind)


def test_a_link_that_is_a_path_is_on_the_hub(hub, client, target):
    url = finished(hub, client).result_url
    assert client.download(url.removeprefix(hub.url), target, 10**6).size


@pytest.mark.parametrize("code", [401, 403, 404, 410])
def test_an_expired_link_says_that_a_fresh_one_is_wanted(hub, client, target, code):
    row = finished(hub, client)
    hub.misbehave("result", mis.status(code))
    with pytest.raises(LinkExpired, match=str(code)):
        client.download(row.result_url, target, 10**6)
    assert list(target.parent.iterdir()) == []


def test_a_row_read_once_more_has_a_fresh_link(hub, client, target):
    row = finished(hub, client)
    hub.expire_links()
    with pytest.raises(LinkExpired):
        client.download(row.result_url, target, 10**6)
    assert client.download(client.get_generation(row.id).result_url, target, 10**6).size


@pytest.mark.parametrize(
    ("plan", "error"),
    [
        (mis.busy(503, "9"), Busy),
        (mis.status(500), AmbiguousResponse),
        (mis.status(400), InvalidLink),
        (mis.answer(206, b"part"), AmbiguousResponse),
        (mis.answer(200, b""), AmbiguousResponse),
        (mis.reset_before(), AmbiguousResponse),
        (mis.hang(0.02), AmbiguousResponse),
        (mis.redirect(""), InvalidLink),
    ],
    ids=lambda value: getattr(value, "name", None),
)
def test_whatever_else_goes_wrong_is_told_apart_and_leaves_nothing_behind(hub, client, target, plan, error):
    row = finished(hub, client)
    hub.misbehave("result", plan)
    with pytest.raises(UpstreamError) as met:
        client.download(row.result_url, target, 10**6)
    assert type(met.value) is error
    assert list(target.parent.iterdir()) == []


def test_a_result_cut_short_leaves_nothing_behind(client_of, hub, scripted, target):
    def act(connection):
        connection.recv(65536)
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n" + b"x" * 70_000)

    with pytest.raises(AmbiguousResponse, match="broke off"):
        client_of(hub).download(scripted(act), target, 10**6)
    assert list(target.parent.iterdir()) == []


@pytest.mark.parametrize("length", [b"Content-Length: 5000\r\n", b""])
def test_a_result_over_the_cap_is_not_read_to_its_end(client_of, hub, scripted, target, length):
    def act(connection):
        connection.recv(65536)
        connection.sendall(b"HTTP/1.1 200 OK\r\n" + length + b"\r\n" + b"x" * 5000)

    with pytest.raises(InvalidLink, match="1,000 bytes"):
        client_of(hub).download(scripted(act), target, 1000)
    assert list(target.parent.iterdir()) == []


def test_a_result_that_trickles_is_given_up_in_time(hub, client, target):
    row = finished(hub, client)
    hub.misbehave("result", mis.trickle(0.01))
    began = time.monotonic()
    with pytest.raises(AmbiguousResponse, match="in time"):
        client.download(row.result_url, target, 10**6, seconds=0.08)
    assert time.monotonic() - began < 1.0
    assert list(target.parent.iterdir()) == []


def test_an_earlier_file_stays_until_the_new_one_is_whole(hub, client, target):
    target.write_bytes(b"before")
    row = finished(hub, client)
    hub.misbehave("result", mis.reset_after())
    with pytest.raises(AmbiguousResponse):
        client.download(row.result_url, target, 10**6)
    assert target.read_bytes() == b"before"


@pytest.mark.parametrize(("hops", "fine"), [(5, True), (6, False)])
def test_few_redirects_are_followed_and_many_are_not(hub, client, target, hops, fine):
    for hop in range(hops):
        hub.pages[f"/{hop}"] = Reply(302, b"", {"Location": f"/{hop + 1}"})
    hub.pages[f"/{hops}"] = Reply(200, b"bytes")
    if fine:
        assert client.download("/0", target, 100).size == 5
    else:
        with pytest.raises(InvalidLink, match="more than 5"):
            client.download("/0", target, 100)


@pytest.mark.parametrize(
    "location", ["file:///etc/passwd", "ftp://example.org/x", "data:image/png;base64,AAAA", "http://", "///x"]
)
def test_a_redirect_to_something_else_than_the_web_is_not_followed(hub, client, target, location):
    hub.pages["/x"] = Reply(302, b"", {"Location": location})
    with pytest.raises(UpstreamError):
        client.download("/x", target, 100)
    assert not target.exists()


# Addresses of this network

INSIDE = [
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
    """A client whose own hub is not on this machine by name, so that nothing here is its own host."""
    client = client_of(hub)
    client._transport.origin = type(client._transport.origin).parse("https://hub.example.org")
    return client


@pytest.mark.parametrize("host", INSIDE)
def test_no_link_leads_into_this_network(public_hub_client, hub, target, host):
    with pytest.raises(UpstreamError) as met:
        public_hub_client.download(f"http://{host}:{hub.port}/results/a.png", target, 100)
    assert isinstance(met.value, InvalidLink), met.value
    assert not hub.ledger.requests


@pytest.mark.parametrize("host", ["10.0.0.1", "[::1]", "2130706433", "localhost"])
def test_no_redirect_leads_into_this_network(hub, client, target, host):
    hub.pages["/x"] = Reply(302, b"", {"Location": f"http://{host}:{hub.port}/results/a.png"})
    with pytest.raises(InvalidLink, match="public internet"):
        client.download("/x", target, 100)
    assert len(hub.ledger.requests) == 1


@pytest.mark.parametrize(
    "found",
    [["10.0.0.7"], ["127.0.0.1"], ["93.184.216.34", "192.168.0.1"], ["::ffff:10.0.0.1"], ["fe80::1%eth0"]],
)
def test_a_name_that_leads_into_this_network_is_not_followed(public_hub_client, target, monkeypatch, found):
    resolve(monkeypatch, {"cdn.example.test": [found]})
    with pytest.raises(InvalidLink):
        public_hub_client.download("http://cdn.example.test/a.png", target, 100)


def resolve(monkeypatch, names):
    """Answer look-ups of these names from a list of answers, the last one again and again; what was asked."""
    asked = []

    def look_up(host, port, *args, real=socket.getaddrinfo, **how):
        if host not in names:
            return real(host, port, *args, **how)
        asked.append(host)
        answers = names[host]
        found = answers.pop(0) if len(answers) > 1 else answers[0]
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)) for address in found]

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    return asked


def test_a_name_that_changes_its_mind_is_not_asked_twice(public_hub_client, hub, target, monkeypatch):
    hub.pages["/a.png"] = Reply(200, b"bytes")
    monkeypatch.setattr(addresses, "is_public", lambda address: address == "127.0.0.1")
    asked = resolve(monkeypatch, {"cdn.example.test": [["127.0.0.1"], ["10.9.9.9"]]})
    stored = public_hub_client.download(f"http://cdn.example.test:{hub.port}/a.png", target, 100)
    assert stored.size == 5
    assert asked == ["cdn.example.test"]
    assert hub.ledger.requests[0].key is None
    assert hub.ledger.requests[0].headers["host"] == f"cdn.example.test:{hub.port}"


def test_every_address_of_a_name_is_tried(public_hub_client, hub, target, monkeypatch):
    hub.pages["/a.png"] = Reply(200, b"bytes")
    monkeypatch.setattr(addresses, "is_public", lambda address: True)
    resolve(monkeypatch, {"cdn.example.test": [["127.0.0.2", "127.0.0.1"]]})
    assert public_hub_client.download(f"http://cdn.example.test:{hub.port}/a.png", target, 100).size == 5


def test_a_public_host_that_is_not_there_is_unreachable(public_hub_client, nobody_home, target, monkeypatch):
    monkeypatch.setattr(addresses, "is_public", lambda address: True)
    with pytest.raises(Unreachable):
        public_hub_client.download(nobody_home, target, 100)


def test_behind_a_proxy_what_is_known_to_be_inside_is_still_refused(
    public_hub_client, open_hub, target, monkeypatch
):
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
def test_what_is_no_address_is_not_public(address):
    assert not addresses.is_public(address)
