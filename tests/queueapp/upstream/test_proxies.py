"""The environment's proxies are used for other machines, and never for this one."""

import pytest

from queueapp.upstream.client import Client
from queueapp.upstream.errors import Unreachable
from tests.hub.world import KEY


def test_the_proxy_of_the_environment_is_used(open_hub, monkeypatch):
    proxy = open_hub()
    monkeypatch.setenv("HTTP_PROXY", proxy.url)
    with Client("http://hub.example.test", KEY) as client:
        assert client.list_models()
    assert proxy.ledger.requests[0].headers["host"] == "hub.example.test"


def test_hosts_in_no_proxy_are_called_directly(open_hub, monkeypatch):
    proxy = open_hub()
    monkeypatch.setenv("HTTP_PROXY", proxy.url)
    monkeypatch.setenv("NO_PROXY", "example.test")
    with Client("http://hub.example.test", KEY) as client, pytest.raises(Unreachable):
        client.list_models()
    assert not proxy.ledger.requests


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_this_machine_is_never_called_through_a_proxy(hub, monkeypatch, closed_address, host):
    monkeypatch.setenv("HTTP_PROXY", closed_address)
    monkeypatch.setenv("ALL_PROXY", closed_address)
    with Client(f"http://{host}:{hub.port}", KEY) as client:
        assert client.list_models()


@pytest.mark.parametrize("proxy", ["refuses the tunnel", "refuses connections"])
def test_nothing_was_sent_if_the_proxy_did_not_connect(serve_once, monkeypatch, closed_address, proxy):
    def handle(connection, request):
        connection.sendall(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n")

    monkeypatch.setenv(
        "HTTPS_PROXY", closed_address if proxy == "refuses connections" else serve_once(handle)
    )
    with Client("https://hub.example.test", KEY) as client, pytest.raises(Unreachable) as raised:
        client.enqueue("flux-1-dev", {}, 1)
    assert raised.value.safe_to_repeat
