"""No answer takes for ever, fills the memory, or is lost in ways that could have been told apart."""

import datetime
import gzip
import ipaddress
import socket
import ssl
import threading
import time

import pytest
import requests

from queueapp.upstream.client import Client
from queueapp.upstream.errors import AmbiguousResponse, Unreachable, UpstreamError
from tests.hub import misbehaviour as mis
from tests.hub.world import KEY

EMPTY = b'{"count": 0, "generations": []}'


def reply(connection, body=EMPTY, head=b""):
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n%b\r\n%b" % (len(body), head, body))


def read_head(connection):
    data = b""
    while b"\r\n\r\n" not in data:
        data += connection.recv(65536)
    return data


@pytest.mark.parametrize("call", ["list", "enqueue"])
def test_an_answer_that_trickles_is_given_up_at_the_deadline(hub, client_of, call):
    client = client_of(hub, call_timeout=0.08)
    hub.misbehave(call, mis.trickle(0.01))
    began = time.monotonic()
    with pytest.raises(AmbiguousResponse, match="in time"):
        client.list_generations() if call == "list" else client.enqueue("flux-1-dev", {}, 1)
    assert time.monotonic() - began < 1.0


@pytest.mark.parametrize("call", ["list", "enqueue"])
def test_an_answer_that_never_comes_is_given_up_after_the_longest_pause(hub, client_of, call):
    client = client_of(hub, timeouts=(5.0, 0.08))
    hub.misbehave(call, mis.hang(3.0))
    began = time.monotonic()
    with pytest.raises(AmbiguousResponse, match=r"in time \(a pause of 0.08 s"):
        client.list_generations() if call == "list" else client.enqueue("flux-1-dev", {}, 1)
    assert time.monotonic() - began < 1.0


def test_a_body_that_trickles_is_given_up_at_the_deadline_too(scripted):
    def act(connection):
        read_head(connection)
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
        try:
            while True:
                connection.sendall(b" ")
                time.sleep(0.01)
        except OSError:
            pass

    began = time.monotonic()
    with (
        Client(scripted(act), KEY, call_timeout=0.08) as client,
        pytest.raises(AmbiguousResponse, match="in time"),
    ):
        client.list_models()
    assert time.monotonic() - began < 1.0


def test_a_slow_but_honest_answer_within_the_deadline_is_taken(hub, client):
    hub.misbehave("list", mis.trickle(0.0))
    assert client.list_generations().count == 0


def test_an_answer_larger_than_the_limit_is_not_read_to_its_end(hub, client_of):
    client = client_of(hub, max_response_bytes=100_000)
    hub.misbehave("list", mis.huge(64 * 1024 * 1024))
    with pytest.raises(AmbiguousResponse, match="100,000 bytes"):
        client.list_generations()
    assert client.list_generations().count == 0


def test_packed_answers_are_read_and_count_by_what_they_hold(hub, client_of):
    client = client_of(hub, max_response_bytes=100_000)
    for body in (EMPTY, EMPTY + b" " * 5_000_000):
        hub.misbehave("list", mis.answer(200, gzip.compress(body), Content_Encoding="gzip"))
    assert client.list_generations().count == 0
    with pytest.raises(AmbiguousResponse, match="larger"):
        client.list_generations()


def test_a_redirects_body_has_the_same_limit(hub, client_of):
    client = client_of(hub, max_response_bytes=100_000)
    hub.misbehave("list", mis.answer(302, b" " * 5_000_000, Location="/x"))
    with pytest.raises(AmbiguousResponse, match="larger"):
        client.list_generations()


def test_a_large_input_may_take_longer_to_send_than_to_connect(scripted):
    def act(connection):
        head = read_head(connection)
        time.sleep(0.15)
        left = 12_000_000 - len(head)
        while left > 0 and (piece := connection.recv(1 << 20)):
            left -= len(piece)
        reply(connection, b'{"generations": [{"generation_id": "a"}]}')

    image = "data:image/png;base64," + "A" * 12_000_000
    with Client(scripted(act), KEY, timeouts=(0.1, 5.0)) as client:
        assert client.enqueue("flux-1-dev", {"input_image": image}, 1).ids == ("a",)


@pytest.mark.parametrize(
    "sent",
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
def test_an_answer_cut_short_or_in_no_known_language_may_still_mean_it_was_made(scripted, sent):
    def act(connection):
        read_head(connection)
        connection.sendall(sent)

    with Client(scripted(act), KEY, timeouts=(5.0, 5.0)) as client, pytest.raises(AmbiguousResponse) as met:
        client.enqueue("flux-1-dev", {}, 1)
    assert met.value.may_have_happened


def test_a_name_that_does_not_exist_is_said_so(monkeypatch):
    def nothing(*_, **__):
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", nothing)
    with Client("https://hub.example.org", KEY) as client, pytest.raises(Unreachable) as met:
        client.enqueue("flux-1-dev", {}, 1)
    assert met.value.message == "The name hub.example.org could not be found."
    assert met.value.safe_to_repeat


def test_a_host_that_does_not_answer_the_knock_is_unreachable(monkeypatch):
    def late(*_, **__):
        raise TimeoutError("timed out")

    monkeypatch.setattr("urllib3.util.connection.create_connection", late)
    with Client("https://192.0.2.1", KEY) as client, pytest.raises(Unreachable, match="within 5 s"):
        client.list_models()


def test_speaking_tls_to_a_server_that_does_not_sends_nothing(hub):
    secure = hub.url.replace("http:", "https:")
    with Client(secure, KEY) as client, pytest.raises(Unreachable, match="secure connection") as met:
        client.enqueue("flux-1-dev", {}, 1)
    assert met.value.safe_to_repeat
    assert not hub.ledger.requests


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    pytest.importorskip("cryptography")
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "a hub for tests")])
    now = datetime.datetime.now(datetime.UTC)
    names = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(names, critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = tmp_path_factory.mktemp("tls") / "hub.pem"
    path.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        + made.public_bytes(serialization.Encoding.PEM)
    )
    return path


def test_a_certificate_nobody_vouches_for_stops_the_call_before_the_key_is_sent(open_hub, certificate):
    hub = open_hub(certificate=certificate)
    with Client(hub.url, KEY) as client, pytest.raises(Unreachable, match="certificate"):
        client.list_models()
    assert not hub.ledger.requests


def test_a_companys_own_certificates_are_believed_where_the_environment_names_them(
    open_hub, client_of, certificate, monkeypatch, tmp_path
):
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(certificate))
    hub = open_hub(certificate=certificate)
    client = client_of(hub)
    (generation,) = client.enqueue("flux-1-dev", {"prompt": "x" * 200_000}, 1).ids
    with client.open_events() as stream:
        hub.finish(generation)
        assert next(iter(stream)).id == generation
    plain = open_hub()
    hub.misbehave("result", mis.redirect(f"{plain.url}/x"))
    with pytest.raises(UpstreamError, match="not"):
        client.download(f"/results/{generation}.png", tmp_path / "a", 100)
    assert not plain.ledger.requests, "a result was followed from https down to http"


def test_a_tls_connection_that_breaks_after_the_request_may_mean_it_was_made(
    scripted, certificate, monkeypatch
):
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(certificate))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)

    def act(connection):
        secured = context.wrap_socket(connection, server_side=True)
        secured.recv(65536)
        with socket.socket(fileno=secured.detach()) as bare:
            bare.sendall(b"no TLS record, where the answer should be")

    address = scripted(act).replace("http:", "https:")
    with Client(address, KEY, timeouts=(5.0, 5.0)) as client, pytest.raises(AmbiguousResponse):
        client.enqueue("flux-1-dev", {}, 1)


# The way out of a company's network


def test_the_environments_proxy_is_used_for_hubs_elsewhere(open_hub, monkeypatch):
    proxy = open_hub()
    monkeypatch.setenv("HTTP_PROXY", proxy.url)
    with Client("http://hub.example.test", KEY) as client:
        assert client.list_models()
    assert proxy.ledger.requests[0].headers["host"] == "hub.example.test"


def test_the_environments_exceptions_from_the_proxy_hold(open_hub, monkeypatch):
    proxy = open_hub()
    monkeypatch.setenv("HTTP_PROXY", proxy.url)
    monkeypatch.setenv("NO_PROXY", "example.test")
    with Client("http://hub.example.test", KEY) as client, pytest.raises(Unreachable):
        client.list_models()
    assert not proxy.ledger.requests


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_this_machine_is_never_asked_through_a_proxy(hub, monkeypatch, nobody_home, host):
    monkeypatch.setenv("HTTP_PROXY", nobody_home)
    monkeypatch.setenv("ALL_PROXY", nobody_home)
    with Client(f"http://{host}:{hub.port}", KEY) as client:
        assert client.list_models()


@pytest.mark.parametrize("how", ["refuses the tunnel", "is not there"])
def test_a_proxy_that_lets_nothing_through_means_nothing_was_sent(scripted, monkeypatch, nobody_home, how):
    def act(connection):
        read_head(connection)
        connection.sendall(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n")

    monkeypatch.setenv("HTTPS_PROXY", nobody_home if how == "is not there" else scripted(act))
    with Client("https://hub.example.test", KEY) as client, pytest.raises(Unreachable) as met:
        client.enqueue("flux-1-dev", {}, 1)
    assert met.value.safe_to_repeat


# Sessions


def test_each_thread_keeps_a_connection_of_its_own(hub, client):
    def twice():
        client.list_generations()
        client.list_generations()

    threads = [threading.Thread(target=twice) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    peers = [asked.peer for asked in hub.ledger.requests]
    assert len(peers) == 6
    assert len(set(peers)) == 3


def test_a_session_given_from_outside_is_used_under_the_same_rules(hub, client_of, monkeypatch, tmp_path):
    elsewhere = requests.Session()
    hub.misbehave("list", mis.trickle(0.01))
    client = client_of(hub, session=elsewhere, call_timeout=0.1)
    with pytest.raises(AmbiguousResponse):
        client.list_generations()
    assert not elsewhere.trust_env
    elsewhere.close()


def test_a_closed_client_can_be_used_again(client):
    client.list_generations()
    client.close()
    assert client.list_generations().count == 0


def test_the_hubs_clock_is_measured_by_every_answer(hub, client):
    assert client.clock_offset is None
    for skew in (0.0, 3600.0, -120.0):
        hub.skew = skew
        client.list_generations()
        assert client.clock_offset == pytest.approx(skew, abs=1.5)


def test_a_hub_under_a_path_of_its_own_is_asked_there(hub):
    hub.pages["/oxen/api/ai/models"] = mis.Reply(200, {"data": []})
    with Client(f"{hub.url}/oxen/", KEY) as client:
        assert client.list_models() == ()
