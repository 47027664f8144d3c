"""The key opens the whole account, so it goes to the hub's own origin and stands nowhere else."""

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


def keys_seen(hub):
    return {asked.key for asked in hub.ledger.requests}


def everything_in(error):
    """All that a log, a report or a debugger would show of an error."""
    shown = [*traceback.format_exception(error), repr(error), repr(error.args), repr(vars(error))]
    assert error.__context__ is None
    assert error.__cause__ is None
    return "\n".join(shown)


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
    for call, ask in calls.items():
        hub.misbehave(call, mis.redirect(f"{elsewhere.url}/{call}", code))
        with pytest.raises(UpstreamError):
            ask()
    assert elsewhere.ledger.requests == []


def test_where_a_redirect_leads_is_told_so_that_the_address_can_be_put_right(hub, client):
    hub.misbehave("list", mis.redirect("https://hub.example.org/"))
    with pytest.raises(UpstreamError, match=r"https://hub\.example\.org/"):
        client.list_generations()


def test_results_on_the_hubs_own_origin_get_the_key_and_all_others_do_not(open_hub, client_of, tmp_path):
    hub, cdn = open_hub(keyed_results=True), open_hub()
    client = client_of(hub)
    (generation,) = client.enqueue("flux-1-dev", {"prompt": "a cat"}, 1).ids
    hub.finish(generation)
    client.download(client.get_generation(generation).result_url, tmp_path / "own.png", 10**6)
    assert hub.ledger.calls("result")[0].key == KEY
    cdn.pages["/other.png"] = Reply(200, b"bytes", {"Content-Type": "image/png"})
    client.download(f"{cdn.url}/other.png", tmp_path / "other.png", 10**6)
    assert keys_seen(cdn) == {None}


def test_the_key_does_not_follow_a_redirect_off_the_hub_and_is_back_when_it_returns(
    open_hub, client_of, tmp_path
):
    hub, cdn = open_hub(), open_hub()
    hub.pages["/one"] = Reply(302, b"", {"Location": f"{cdn.url}/two"})
    cdn.pages["/two"] = Reply(307, b"", {"Location": f"{hub.url}/three"})
    hub.pages["/three"] = Reply(200, b"bytes")
    client_of(hub).download("/one", tmp_path / "result", 100)
    assert keys_seen(cdn) == {None}
    assert keys_seen(hub) == {KEY}


@pytest.mark.parametrize(
    "disguise",
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
def test_an_address_in_disguise_does_not_get_the_key(open_hub, client_of, tmp_path, disguise):
    hub, other = open_hub(), open_hub()
    link = disguise.format(own=f"127.0.0.1:{hub.port}", other=f"127.0.0.1:{other.port}")
    client = client_of(hub)
    hub.pages["/on"] = Reply(302, b"", {"Location": link})
    for url in (link, "/on"):
        with pytest.raises(UpstreamError):
            client.download(url, tmp_path / "result", 100)
    assert keys_seen(other) <= {None}


def test_a_hub_that_repeats_the_key_does_not_get_it_into_any_text(hub, client, caplog):
    caplog.set_level(logging.DEBUG)
    said = f"no such thing for {KEY.upper()}, sent as Bearer {KEY}"
    body = {"error": {"detail": said, "message": KEY}, "status_message": KEY}
    plans = [
        mis.answer(400, body),
        mis.answer(500, f"<html>{KEY}</html>".encode()),
        mis.answer(200, f"<html>{KEY}</html>".encode()),
        mis.answer(200, {"status": "error", "error": said, "generations": []}),
        mis.answer(429, body, Retry_After=KEY),
        mis.redirect(f"https://example.org/?key={KEY}"),
    ]
    for ask, call in (
        (client.list_generations, "list"),
        (lambda: client.enqueue("flux-1-dev", {}, 1), "enqueue"),
        (lambda: client.cancel("a"), "cancel"),
    ):
        hub.misbehave(call, *plans)
        for _ in plans:
            with pytest.raises(UpstreamError) as met:
                ask()
            assert KEY.lower() not in everything_in(met.value).lower()
    assert KEY not in caplog.text
    assert KEY not in repr(client) + str(vars(client).get("base_url"))


def test_a_key_in_a_row_or_an_event_is_taken_out_of_what_is_stored_and_shown(hub, client):
    row = {"generation_id": "a", "status": "failed", "error_message": f"bad {KEY}", "prompt": KEY}
    hub.misbehave("one", mis.answer(200, row))
    assert KEY not in repr(client.get_generation("a"))
    with client.open_events() as stream:
        until(lambda: hub.listeners)
        hub.tell(
            "alice",
            "media_generation_completed",
            {"generation_id": "a", "status": "failed", "error": f"bad {KEY}"},
        )
        event = next(iter(stream))
    assert event.error == "bad [key]"


@pytest.mark.parametrize("plan", [mis.reset_after(), mis.hang(0.02), mis.half_json(), mis.status(500)])
def test_an_error_carries_no_request_along(hub, client, plan, caplog):
    caplog.set_level(logging.DEBUG)
    hub.misbehave("enqueue", plan)
    with pytest.raises(UpstreamError) as met:
        client.enqueue("flux-1-dev", {"prompt": "a cat"}, 1)
    assert KEY not in everything_in(met.value)
    assert KEY not in caplog.text


def test_an_unreachable_hub_leaves_no_key_behind_either(nobody_home):
    with Client(nobody_home, KEY) as client, pytest.raises(UpstreamError) as met:
        client.list_models()
    assert KEY not in everything_in(met.value)
    assert KEY not in repr(probe(nobody_home, KEY))


@pytest.mark.parametrize("key", ["two words", "line\nbreak", "schlüssel", "nul\0"])
def test_a_key_that_cannot_be_sent_is_refused_without_being_repeated(key):
    with pytest.raises(ValueError, match="cannot be sent") as met:
        Client("https://hub.example.org", key)
    assert key not in str(met.value)
    assert key not in " ".join(probe("https://hub.example.org", key).words())


def test_the_blanks_of_a_careless_paste_are_no_part_of_the_key(hub, client_of):
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
def test_an_address_that_is_no_hubs_is_refused_in_words(address):
    with pytest.raises(ValueError, match=r"[Aa] (web|hub)|no web address") as met:
        Client(address, KEY)
    assert "secret" not in str(met.value)
    told = probe(address, KEY)
    assert not told.reachable
    assert "secret" not in " ".join(told.words())


def test_a_netrc_never_takes_the_keys_place(hub, client_of, monkeypatch, tmp_path):
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login somebody password else\n")
    monkeypatch.setenv("NETRC", str(netrc))
    client_of(hub).list_models()
    client_of(hub, key="").list_models()
    assert [asked.headers.get("authorization") for asked in hub.ledger.requests] == [f"Bearer {KEY}", None]


def test_a_hubs_cookies_are_not_kept(hub, client):
    hub.misbehave("models", mis.answer(200, {"data": []}, Set_Cookie="session=1; Path=/"))
    client.list_models()
    client.list_models()
    assert "cookie" not in hub.ledger.requests[-1].headers


def test_another_scheme_or_port_is_another_origin(open_hub, client_of, tmp_path):
    hub = open_hub()
    client = client_of(hub)
    with pytest.raises(UpstreamError):
        client.download(hub.url.replace("http:", "https:") + "/results/a.png", tmp_path / "a", 100)
    with pytest.raises(InvalidLink):
        client.download("file:///etc/passwd", tmp_path / "a", 100)
    assert keys_seen(hub) <= {None}
