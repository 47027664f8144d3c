"""Only servers with a trusted certificate get the key."""

import datetime
import ipaddress
import socket
import ssl

import pytest

from queueapp.upstream.client import Client
from queueapp.upstream.errors import AmbiguousResponse, InvalidLink, Unreachable
from tests.hub import misbehaviour as mis
from tests.hub.world import KEY


def test_nothing_is_sent_to_a_server_without_tls(hub):
    secure = hub.url.replace("http:", "https:")
    with Client(secure, KEY) as client, pytest.raises(Unreachable, match="secure connection") as raised:
        client.enqueue("flux-1-dev", {}, 1)
    assert raised.value.safe_to_repeat
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
    certificate = (
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
        + certificate.public_bytes(serialization.Encoding.PEM)
    )
    return path


def test_the_key_is_not_sent_to_a_server_with_an_untrusted_certificate(open_hub, certificate):
    hub = open_hub(certificate=certificate)
    with Client(hub.url, KEY) as client, pytest.raises(Unreachable, match="certificate"):
        client.list_models()
    assert not hub.ledger.requests


def test_certificates_named_in_the_environment_are_trusted(open_hub, client_of, certificate, monkeypatch):
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(certificate))
    hub = open_hub(certificate=certificate)
    client = client_of(hub)
    (generation,) = client.enqueue("flux-1-dev", {"prompt": "x" * 200_000}, 1).ids
    with client.open_events() as stream:
        hub.finish(generation)
        assert next(iter(stream)).id == generation


def test_a_redirect_from_https_to_http_is_not_followed(open_hub, client_of, certificate, monkeypatch, target):
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(certificate))
    hub, plain = open_hub(certificate=certificate), open_hub()
    hub.misbehave("result", mis.redirect(f"{plain.url}/x"))
    with pytest.raises(InvalidLink, match="encrypted connection to one that is not"):
        client_of(hub).download("/results/a.png", target, 100)
    assert not plain.ledger.requests, "a redirect from https to http was followed"


def test_after_a_broken_tls_connection_generations_may_have_been_made(serve_once, certificate, monkeypatch):
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(certificate))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)

    def handle(connection, request):
        secured = context.wrap_socket(connection, server_side=True)
        secured.recv(65536)
        with socket.socket(fileno=secured.detach()) as plain:
            plain.sendall(b"this is not TLS")

    address = serve_once(handle, reads_head=False).replace("http:", "https:")
    with Client(address, KEY, timeouts=(5.0, 5.0)) as client, pytest.raises(AmbiguousResponse):
        client.enqueue("flux-1-dev", {}, 1)
