"""Results are stored completely or not at all."""

import time

import pytest

from queueapp.upstream.errors import AmbiguousResponse, Busy, InvalidLink, LinkExpired, UpstreamError
from tests.hub import misbehaviour as mis
from tests.hub.misbehaviour import Reply


def finished_row(hub, client, model="flux-1-dev"):
    (generation,) = client.enqueue(model, {"prompt": "a cat"}, 1).ids
    hub.finish(generation)
    return client.get_generation(generation)


def test_images_and_videos_are_stored_unchanged(hub, client, target):
    for model, beginning, content_type in (
        ("flux-1-dev", b"\x89PNG", "image/png"),
        ("google-veo-3", b"\0\0\0", "video/mp4"),
    ):
        stored = client.download(finished_row(hub, client, model).result_url, target, 10**6)
        assert target.read_bytes().startswith(beginning)
        assert (stored.path, stored.size) == (target, target.stat().st_size)
        assert stored.content_type == content_type


def test_a_link_that_is_a_path_leads_to_the_hub(hub, client, target):
    url = finished_row(hub, client).result_url
    assert client.download(url.removeprefix(hub.url), target, 10**6).size


@pytest.mark.parametrize("code", [401, 403, 404, 410])
def test_an_expired_link_is_reported_as_expired(hub, client, target, code):
    row = finished_row(hub, client)
    hub.misbehave("result", mis.status(code))
    with pytest.raises(LinkExpired, match=str(code)):
        client.download(row.result_url, target, 10**6)
    assert list(target.parent.iterdir()) == []


def test_the_row_has_a_new_link_after_the_old_one_expired(hub, client, target):
    row = finished_row(hub, client)
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
def test_a_failed_download_leaves_no_file(hub, client, target, plan, error):
    row = finished_row(hub, client)
    hub.misbehave("result", plan)
    with pytest.raises(UpstreamError) as raised:
        client.download(row.result_url, target, 10**6)
    assert type(raised.value) is error
    assert list(target.parent.iterdir()) == []


def test_an_incomplete_result_leaves_no_file(client_of, hub, serve_once, target):
    def handle(connection, request):
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n" + b"x" * 70_000)

    with pytest.raises(AmbiguousResponse, match="broke before"):
        client_of(hub).download(serve_once(handle), target, 10**6)
    assert list(target.parent.iterdir()) == []


@pytest.mark.parametrize("length", [b"Content-Length: 5000\r\n", b""])
def test_a_result_that_is_too_large_is_refused_and_leaves_no_file(client_of, hub, serve_once, target, length):
    def handle(connection, request):
        connection.sendall(b"HTTP/1.1 200 OK\r\n" + length + b"\r\n" + b"x" * 5000)

    with pytest.raises(InvalidLink, match="1,000 bytes"):
        client_of(hub).download(serve_once(handle), target, 1000)
    assert list(target.parent.iterdir()) == []


def test_a_slow_download_ends_at_its_time_limit(hub, client, target):
    row = finished_row(hub, client)
    hub.misbehave("result", mis.trickle(0.01))
    began = time.monotonic()
    with pytest.raises(AmbiguousResponse, match="in time"):
        client.download(row.result_url, target, 10**6, seconds=0.08)
    assert time.monotonic() - began < 1.0
    assert list(target.parent.iterdir()) == []


def test_an_earlier_file_stays_until_the_new_one_is_complete(hub, client, target):
    target.write_bytes(b"before")
    row = finished_row(hub, client)
    hub.misbehave("result", mis.reset_after())
    with pytest.raises(AmbiguousResponse):
        client.download(row.result_url, target, 10**6)
    assert target.read_bytes() == b"before"


@pytest.mark.parametrize(("redirects", "allowed"), [(5, True), (6, False)])
def test_up_to_five_redirects_are_followed(hub, client, target, redirects, allowed):
    for number in range(redirects):
        hub.pages[f"/{number}"] = Reply(302, b"", {"Location": f"/{number + 1}"})
    hub.pages[f"/{redirects}"] = Reply(200, b"bytes")
    if allowed:
        assert client.download("/0", target, 100).size == 5
    else:
        with pytest.raises(InvalidLink, match="more than 5"):
            client.download("/0", target, 100)


@pytest.mark.parametrize(
    "location", ["file:///etc/passwd", "ftp://example.org/x", "data:image/png;base64,AAAA", "http://", "///x"]
)
def test_a_redirect_to_something_other_than_a_web_address_is_not_followed(hub, client, target, location):
    hub.pages["/x"] = Reply(302, b"", {"Location": location})
    with pytest.raises(UpstreamError):
        client.download("/x", target, 100)
    assert not target.exists()
