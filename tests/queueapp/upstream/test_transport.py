"""Every call has limits of time and size, and a failed one shows whether the request was sent."""

import gzip
import socket
import threading
import time

import pytest
import requests

from queueapp.upstream.client import Client
from queueapp.upstream.errors import AmbiguousResponse, Unreachable
from tests.hub import misbehaviour as mis
from tests.hub.world import KEY

EMPTY = b'{"count": 0, "generations": []}'


def send_response(connection, body=EMPTY, head=b""):
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n%b\r\n%b" % (len(body), head, body))


@pytest.mark.parametrize("call", ["list", "enqueue"])
def test_a_slow_response_is_given_up_after_the_call_timeout(hub, client_of, call):
    client = client_of(hub, call_timeout=0.1)
    hub.misbehave(call, mis.trickle(0.01))
    began = time.monotonic()
    with pytest.raises(AmbiguousResponse, match="in time"):
        client.list_generations() if call == "list" else client.enqueue("flux-1-dev", {}, 1)
    assert time.monotonic() - began < 1.0


@pytest.mark.parametrize("call", ["list", "enqueue"])
def test_a_missing_response_is_given_up_after_the_read_timeout(hub, client_of, call):
    client = client_of(hub, timeouts=(5.0, 0.03))
    hub.misbehave(call, mis.hang(3.0))
    began = time.monotonic()
    with pytest.raises(AmbiguousResponse, match=r"in time \(no data for 0.03 s"):
        client.list_generations() if call == "list" else client.enqueue("flux-1-dev", {}, 1)
    assert time.monotonic() - began < 1.0


def test_a_slow_body_is_given_up_after_the_call_timeout(serve_once):
    def handle(connection, request):
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
        try:
            while True:
                connection.sendall(b" ")
                time.sleep(0.01)
        except OSError:
            pass

    began = time.monotonic()
    with (
        Client(serve_once(handle), KEY, call_timeout=0.1) as client,
        pytest.raises(AmbiguousResponse, match="in time"),
    ):
        client.list_models()
    assert time.monotonic() - began < 1.0


def test_a_slow_response_within_the_call_timeout_is_read(hub, client):
    hub.misbehave("list", mis.trickle(0.0))
    assert client.list_generations().count == 0


def test_a_response_over_the_size_limit_is_refused(hub, client_of):
    client = client_of(hub, max_response_bytes=100_000)
    hub.misbehave("list", mis.huge(64 * 1024 * 1024))
    with pytest.raises(AmbiguousResponse, match="100,000 bytes"):
        client.list_generations()
    assert client.list_generations().count == 0


def test_the_size_limit_counts_the_decompressed_response(hub, client_of):
    client = client_of(hub, max_response_bytes=100_000)
    for body in (EMPTY, EMPTY + b" " * 5_000_000):
        hub.misbehave("list", mis.answer(200, gzip.compress(body), Content_Encoding="gzip"))
    assert client.list_generations().count == 0
    with pytest.raises(AmbiguousResponse, match="larger"):
        client.list_generations()


def test_the_body_of_a_redirect_has_the_same_size_limit(hub, client_of):
    client = client_of(hub, max_response_bytes=100_000)
    hub.misbehave("list", mis.answer(302, b" " * 5_000_000, Location="/x"))
    with pytest.raises(AmbiguousResponse, match="larger"):
        client.list_generations()


def test_an_upload_may_take_longer_than_the_connect_timeout(serve_once):
    def handle(connection, request):
        time.sleep(0.12)
        left = 12_000_000 - len(request)
        while left > 0 and (piece := connection.recv(1 << 20)):
            left -= len(piece)
        send_response(connection, b'{"generations": [{"generation_id": "a"}]}')

    image = "data:image/png;base64," + "A" * 12_000_000
    with Client(serve_once(handle), KEY, timeouts=(0.1, 5.0)) as client:
        assert client.enqueue("flux-1-dev", {"input_image": image}, 1).ids == ("a",)


@pytest.mark.parametrize(
    "received",
    [
        b"",
        b"HTTP/1.1 200 OK\r\nContent-Le",
        b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n{",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 3\r\n\r\nabc",
        b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 500 + b"\r\n",
        b"HTTP/1.1 200 OK\r\nX: " + b"y" * 100_000 + b"\r\n\r\n",
        b"SSH-2.0-OpenSSH_9.6\r\n",
        b"\x00\x01\x02",
        b"HTTP/9.9 banana\r\n\r\n",
    ],
)
def test_after_an_incomplete_or_invalid_response_generations_may_have_been_made(serve_once, received):
    def handle(connection, request):
        connection.sendall(received)

    with (
        Client(serve_once(handle), KEY, timeouts=(5.0, 5.0)) as client,
        pytest.raises(AmbiguousResponse) as raised,
    ):
        client.enqueue("flux-1-dev", {}, 1)
    assert raised.value.may_have_happened


def test_an_unknown_host_name_is_reported(monkeypatch):
    def fail(*_, **__):
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", fail)
    with Client("https://hub.example.org", KEY) as client, pytest.raises(Unreachable) as raised:
        client.enqueue("flux-1-dev", {}, 1)
    assert raised.value.message == "The host name hub.example.org could not be resolved."
    assert raised.value.safe_to_repeat


def test_a_host_that_does_not_respond_to_a_connect_is_unreachable(monkeypatch):
    def time_out(*_, **__):
        raise TimeoutError("timed out")

    monkeypatch.setattr("urllib3.util.connection.create_connection", time_out)
    with Client("https://192.0.2.1", KEY) as client, pytest.raises(Unreachable, match="within 5 s"):
        client.list_models()


# Sessions


def test_each_thread_uses_a_connection_of_its_own(hub, client):
    def call_twice():
        client.list_generations()
        client.list_generations()

    threads = [threading.Thread(target=call_twice) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    peers = [request.peer for request in hub.ledger.requests]
    assert len(peers) == 6
    assert len(set(peers)) == 3


def test_a_given_session_has_the_same_limits(hub, client_of):
    session = requests.Session()
    hub.misbehave("list", mis.trickle(0.01))
    client = client_of(hub, session=session, call_timeout=0.1)
    with pytest.raises(AmbiguousResponse):
        client.list_generations()
    assert not session.trust_env
    session.close()


def test_a_closed_client_can_be_used_again(client):
    client.list_generations()
    client.close()
    assert client.list_generations().count == 0


def test_the_hubs_clock_is_measured_with_every_response(hub, client):
    assert client.clock_offset is None
    for skew in (0.0, 3600.0, -120.0):
        hub.skew = skew
        client.list_generations()
        assert client.clock_offset == pytest.approx(skew, abs=1.5)


def test_a_hub_may_be_below_a_path(hub):
    hub.pages["/oxen/api/ai/models"] = mis.Reply(200, {"data": []})
    with Client(f"{hub.url}/oxen/", KEY) as client:
        assert client.list_models() == ()
