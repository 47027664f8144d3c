"""Completion events arrive as they happen, and the stream ends when the caller stops."""

import threading
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from queueapp.upstream import sockets
from queueapp.upstream.client import Client
from queueapp.upstream.errors import AmbiguousResponse, InvalidKey, NotSupported, Unreachable, UpstreamError
from queueapp.upstream.event_parser import MAX_EVENT_SIZE, EventParser
from tests.hub import misbehaviour as mis
from tests.hub.server import until
from tests.hub.world import KEY


@pytest.mark.parametrize("revision", ["bridge", "current"])
def test_an_event_reports_how_a_generation_ended(open_hub, client_of, revision):
    hub = open_hub(revision)
    client = client_of(hub)
    done, failed, cancelled = client.enqueue("google-veo-3", {"prompt": "a cat"}, 3).ids
    with client.open_events() as stream:
        client.cancel(cancelled)
        hub.finish(done)
        hub.fail(failed, "InputImageSensitiveContentDetected")
        events = iter(stream)
        first, second = next(events), next(events)
    assert (first.id, first.state, first.media_type, first.model) == (
        done, "succeeded", "video", "google-veo-3"
    )  # fmt: skip
    assert first.url.startswith(hub.url)
    assert (second.id, second.state, second.error) == (failed, "failed", "InputImageSensitiveContentDetected")


def test_the_stream_is_open_when_the_call_returns(hub, client):
    with client.open_events():
        assert hub.listeners == 1


def test_comments_broken_events_and_other_types_of_event_are_ignored(hub, client):
    hub.keep_alive = 0.01
    with client.open_events() as stream:
        hub.send_event("alice", "repository_pushed", {"generation_id": "x"})
        hub.send_text("alice", ": keep-alive\n\nevent: media_generation_completed\ndata: {half\n\n")
        hub.send_text("alice", "event: media_generation_completed\ndata: [1]\n\n")
        hub.send_text("alice", 'event: media_generation_completed\ndata: {"generation_id": 7}\n\n')
        hub.send_event("alice", "media_generation_completed", {"generation_id": "a", "status": 200})
        event = next(iter(stream))
    assert (event.id, event.state) == ("a", None)


def test_events_of_other_users_do_not_arrive(open_hub, client_of):
    hub = open_hub(keys={KEY: "alice", "key-of-bob-0123456789": "bob"})
    with client_of(hub).open_events() as stream:
        hub.send_event("bob", "media_generation_completed", {"generation_id": "bobs"})
        hub.send_event("alice", "media_generation_completed", {"generation_id": "alices"})
        assert next(iter(stream)).id == "alices"


def test_the_stream_ends_soon_after_the_caller_stops(hub, client, monkeypatch):
    monkeypatch.setattr(sockets, "STOP_CHECK_INTERVAL", 0.02)
    stop = threading.Event()
    received = []

    def listen():
        with client.open_events(stop.is_set) as stream:
            received.extend(stream)
            received.append("the end")

    listener = threading.Thread(target=listen)
    listener.start()
    until(lambda: hub.listeners)
    stop.set()
    listener.join(1.0)
    assert not listener.is_alive()
    assert received == ["the end"]


def test_the_wait_for_a_stop_is_a_fraction_of_a_second():
    assert sockets.STOP_CHECK_INTERVAL <= 0.2


def test_a_stream_that_is_stopped_before_it_opens_is_empty(client):
    with client.open_events(lambda: True) as stream:
        assert list(stream) == []


def test_a_silent_stream_is_given_up(hub, client):
    with client.open_events(read_timeout=0.03) as stream, pytest.raises(AmbiguousResponse, match="in time"):
        next(iter(stream))


def test_a_stream_that_the_hub_ends_raises_an_error(hub, client):
    with client.open_events() as stream:
        hub.hang_up_streams()
        with pytest.raises(AmbiguousResponse, match="ended"):
            list(stream)


@pytest.mark.parametrize(
    ("plan", "error"),
    [
        (mis.status(404), NotSupported),
        (mis.status(405), NotSupported),
        (mis.bad_key(), InvalidKey),
        (mis.status(500), AmbiguousResponse),
        (mis.html(200), AmbiguousResponse),
        (mis.answer(200, {"status": "error"}), AmbiguousResponse),
        (mis.redirect("/"), AmbiguousResponse),
        (mis.reset_before(), AmbiguousResponse),
    ],
    ids=lambda value: getattr(value, "name", None),
)
def test_a_response_that_is_not_a_stream_raises_an_error_at_once(hub, client, plan, error):
    hub.misbehave("events", plan)
    with pytest.raises(UpstreamError) as raised:
        client.open_events()
    assert type(raised.value) is error


def test_a_classic_hub_has_no_stream(open_hub, client_of):
    hub = open_hub("classic")
    with pytest.raises(NotSupported):
        client_of(hub).open_events()
    assert not hub.ledger.requests


def test_a_hub_that_refuses_connections_is_unreachable(closed_address):
    with Client(closed_address, KEY, revision="current") as client, pytest.raises(Unreachable):
        client.open_events()


def test_a_stream_without_chunk_lengths_is_read_as_it_arrives(serve_once):
    text = b'event: media_generation_completed\r\ndata: {"generation_id":\r\ndata: "a"}\r\n\r\n'

    def handle(connection, request):
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n" + text)
        connection.recv(1)

    with Client(serve_once(handle), KEY, revision="current") as client, client.open_events() as stream:
        assert next(iter(stream)).id == "a"


# The format

STREAM = (
    b"\xef\xbb\xbf: hello\n\nevent: a\ndata: one\ndata:two\nid: 7\nretry: 5\n\r\n"
    b"data\n\nevent: lost\n\nevent:b\r\ndata:  three \r\n\r\nevent: unfinished\ndata: x\n"
)
EVENTS = [("a", "one\ntwo"), ("message", ""), ("b", " three ")]


@settings(deadline=None)
@given(st.lists(st.integers(0, len(STREAM))))
def test_events_do_not_depend_on_how_the_bytes_are_cut(cuts):
    parser = EventParser()
    chunks = [STREAM[start:end] for start, end in pairwise([0, *sorted(cuts), len(STREAM)])]
    assert [event for chunk in chunks for event in parser.feed(chunk)] == EVENTS


@settings(deadline=None)
@given(st.lists(st.binary(max_size=60), max_size=8))
def test_any_bytes_can_be_parsed(chunks):
    parser = EventParser()
    for chunk in chunks:
        for event_type, data in parser.feed(chunk):
            assert event_type
            assert isinstance(data, str)


@pytest.mark.parametrize("chunk", [b"x" * 65536, b"data: " + b"x" * 60000 + b"\n"])
def test_an_event_has_a_maximum_size(chunk):
    parser = EventParser()
    chunks = [chunk] * (MAX_EVENT_SIZE // len(chunk) + 2)
    with pytest.raises(ValueError, match="too large"):
        [list(parser.feed(chunk)) for chunk in chunks]
