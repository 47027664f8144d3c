"""The API key is sent to the hub's own origin and appears nowhere else."""

import logging
import traceback

import pytest

from queueapp.upstream.client import Client
from queueapp.upstream.errors import InvalidLink, UpstreamError
from queueapp.upstream.probe import probe
from tests.hub import misbehaviour as mis
from tests.hub.misbehaviour import Reply
from tests.hub.server import until
from tests.hub.world import KEY


def keys_received(hub):
    return {request.key for request in hub.ledger.requests}


def all_text_of(error):
    """Return everything that a log or a debugger would show of an error."""
    texts = [*traceback.format_exception(error), repr(error), repr(error.args), repr(vars(error))]
    assert error.__context__ is None
    assert error.__cause__ is None
    return "\n".join(texts)


@pytest.mark.parametrize("code", [301, 302, 303, 307, 308])
def test_no_call_follows_a_redirect(open_hub, client_of, code):
    hub, elsewhere = open_hub(), open_hub()
    client = client_of(hub)
    calls = {
        "enqueue": lambda: client.enqueue("flux-1-dev", {}, 1),
        "list": client.list_generations,
        "one": lambda: client.get_generation("a"),
        "cancel": lambda: client.cancel("a"),
        "models": client.list_models,
        "search": lambda: client.search_models("a"),
        "model": lambda: client.get_model("a"),
        "history": client.list_history,
        "generation": lambda: client.get_history_entry("a"),
        "me": client.get_account,
        "events": client.open_events,
    }
    for call, send in calls.items():
        hub.misbehave(call, mis.redirect(f"{elsewhere.url}/{call}", code))
        with pytest.raises(UpstreamError):
            send()
    assert elsewhere.ledger.requests == []


def test_the_target_of_a_redirect_is_shown_so_that_the_admin_can_correct_the_address(hub, client):
    hub.misbehave("list", mis.redirect("https://hub.example.org/"))
    with pytest.raises(UpstreamError, match=r"https://hub\.example\.org/"):
        client.list_generations()


def test_the_key_is_sent_with_downloads_from_the_hub_and_with_no_others(open_hub, client_of, tmp_path):
    hub, cdn = open_hub(keyed_results=True), open_hub()
    client = client_of(hub)
    (generation,) = client.enqueue("flux-1-dev", {"prompt": "a cat"}, 1).ids
    hub.finish(generation)
    client.download(client.get_generation(generation).result_url, tmp_path / "own.png", 10**6)
    assert hub.ledger.calls("result")[0].key == KEY
    cdn.pages["/other.png"] = Reply(200, b"bytes", {"Content-Type": "image/png"})
    client.download(f"{cdn.url}/other.png", tmp_path / "other.png", 10**6)
    assert keys_received(cdn) == {None}


def test_a_redirect_to_another_host_and_back_sends_the_key_to_the_hub_only(open_hub, client_of, tmp_path):
    hub, cdn = open_hub(), open_hub()
    hub.pages["/one"] = Reply(302, b"", {"Location": f"{cdn.url}/two"})
    cdn.pages["/two"] = Reply(307, b"", {"Location": f"{hub.url}/three"})
    hub.pages["/three"] = Reply(200, b"bytes")
    client_of(hub).download("/one", tmp_path / "result", 100)
    assert keys_received(cdn) == {None}
    assert keys_received(hub) == {KEY}


@pytest.mark.parametrize(
    "template",
    [
        "http://{own}@{other}/x",
        "http://{own}\\@{other}/x",
        "http://{other}#@{own}/x",
        "http://{other}?@{own}/x",
        "http://{own}%2F@{other}/x",
        "//{other}/x",
        "http:\\\\{other}/x",
    ],
)
def test_a_misleading_address_does_not_get_the_key(open_hub, client_of, tmp_path, template):
    hub, other = open_hub(), open_hub()
    link = template.format(own=f"127.0.0.1:{hub.port}", other=f"127.0.0.1:{other.port}")
    client = client_of(hub)
    hub.pages["/redirect"] = Reply(302, b"", {"Location": link})
    for url in (link, "/redirect"):
        with pytest.raises(UpstreamError):
            client.download(url, tmp_path / "result", 100)
    assert keys_received(other) <= {None}


def test_a_key_that_the_hub_repeats_is_in_no_error_and_no_log(hub, client, caplog):
    caplog.set_level(logging.DEBUG)
    message = f"no such thing for {KEY.upper()}, sent as Bearer {KEY}"
    body = {"error": {"detail": message, "message": KEY}, "status_message": KEY}
    plans = [
        mis.answer(400, body),
        mis.answer(500, f"<html>{KEY}</html>".encode()),
        mis.answer(200, f"<html>{KEY}</html>".encode()),
        mis.answer(200, {"status": "error", "error": message, "generations": []}),
        mis.answer(429, body, Retry_After=KEY),
        mis.redirect(f"https://example.org/?key={KEY}"),
    ]
    for send, call in (
        (client.list_generations, "list"),
        (lambda: client.enqueue("flux-1-dev", {}, 1), "enqueue"),
        (lambda: client.cancel("a"), "cancel"),
    ):
        hub.misbehave(call, *plans)
        for _ in plans:
            with pytest.raises(UpstreamError) as raised:
                send()
            assert KEY.lower() not in all_text_of(raised.value).lower()
    assert KEY not in caplog.text
    assert KEY not in repr(client) + str(vars(client).get("base_url"))


def test_a_key_in_a_row_or_an_event_is_removed(hub, client):
    row = {"generation_id": "a", "status": "failed", "error_message": f"bad {KEY}", "prompt": KEY}
    hub.misbehave("one", mis.answer(200, row))
    assert KEY not in repr(client.get_generation("a"))
    with client.open_events() as stream:
        until(lambda: hub.listeners)
        hub.send_event(
            "alice",
            "media_generation_completed",
            {"generation_id": "a", "status": "failed", "error": f"bad {KEY}"},
        )
        event = next(iter(stream))
    assert event.error == "bad [key]"


@pytest.mark.parametrize("plan", [mis.reset_after(), mis.hang(0.02), mis.half_json(), mis.status(500)])
def test_an_error_does_not_contain_the_request(hub, client, plan, caplog):
    caplog.set_level(logging.DEBUG)
    hub.misbehave("enqueue", plan)
    with pytest.raises(UpstreamError) as raised:
        client.enqueue("flux-1-dev", {"prompt": "a cat"}, 1)
    assert KEY not in all_text_of(raised.value)
    assert KEY not in caplog.text


def test_the_error_of_an_unreachable_hub_does_not_contain_the_key(closed_address):
    with Client(closed_address, KEY) as client, pytest.raises(UpstreamError) as raised:
        client.list_models()
    assert KEY not in all_text_of(raised.value)
    assert KEY not in repr(probe(closed_address, KEY))


@pytest.mark.parametrize("key", ["two words", "line\nbreak", "schlüssel", "nul\0"])
def test_a_key_that_cannot_be_sent_is_refused_and_not_repeated(key):
    with pytest.raises(ValueError, match="cannot be sent") as raised:
        Client("https://hub.example.org", key)
    assert key not in str(raised.value)
    assert key not in " ".join(probe("https://hub.example.org", key).report_lines())


def test_blanks_around_a_pasted_key_are_removed(hub, client_of):
    assert client_of(hub, key=f" {KEY}\n").list_generations().count == 0


@pytest.mark.parametrize(
    "address",
    [
        "",
        "hub.example.org",
        "ftp://hub.example.org",
        "https://",
        "https://me:secret@hub.example.org",
        "https://hub.example.org/?x=1",
        "https://hub.example.org/#x",
        "https://hub.exa mple.org",
        "https://hub.example.org:99999",
        "https://[::1",
        "javascript:alert(1)",
    ],
)
def test_an_unusable_address_is_refused_with_a_message(address):
    with pytest.raises(ValueError, match=r"[Aa] (web|hub)") as raised:
        Client(address, KEY)
    assert "secret" not in str(raised.value)
    result = probe(address, KEY)
    assert not result.reachable
    assert "secret" not in " ".join(result.report_lines())


def test_a_netrc_file_never_replaces_the_key(hub, client_of, monkeypatch, tmp_path):
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login somebody password else\n")
    monkeypatch.setenv("NETRC", str(netrc))
    client_of(hub).list_models()
    client_of(hub, key="").list_models()
    assert [request.headers.get("authorization") for request in hub.ledger.requests] == [
        f"Bearer {KEY}",
        None,
    ]


def test_cookies_of_the_hub_are_not_stored(hub, client):
    hub.misbehave("models", mis.answer(200, {"data": []}, Set_Cookie="session=1; Path=/"))
    client.list_models()
    client.list_models()
    assert "cookie" not in hub.ledger.requests[-1].headers


def test_the_key_is_not_sent_to_another_scheme_or_port(open_hub, client_of, tmp_path):
    hub = open_hub()
    client = client_of(hub)
    with pytest.raises(UpstreamError):
        client.download(hub.url.replace("http:", "https:") + "/results/a.png", tmp_path / "a", 100)
    with pytest.raises(InvalidLink):
        client.download("file:///etc/passwd", tmp_path / "a", 100)
    assert keys_received(hub) <= {None}
