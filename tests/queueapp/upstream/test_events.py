"""Endings as they happen, for those who listen; and a stream that ends whenever it is told to."""

import threading
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from queueapp.upstream.client import Client
from queueapp.upstream.errors import AmbiguousResponse, InvalidKey, NotSupported, Unreachable, UpstreamError
from queueapp.upstream.events import MAX_EVENT_BYTES, EventParser
from tests.hub import misbehaviour as mis
from tests.hub.server import until
from tests.hub.world import KEY


@pytest.mark.parametrize("revision", ["bridge", "current"])
def test_an_ending_is_told_the_moment_it_happens(open_hub, client_of, revision):
    hub = open_hub(revision)
    client = client_of(hub)
    done, failed, cancelled = client.enqueue("google-veo-3", {"prompt": "a cat"}, 3).ids
    with client.open_events() as stream:
        client.cancel(cancelled)
        hub.finish(done)
        hub.fail(failed, "InputImageSensitiveContentDetected")
        told = iter(stream)
        first, second = next(told), next(told)
    assert (first.id, first.state, first.media_type, first.model) == (
        done,
        "succeeded",
        "video",
        "google-veo-3",
    )
    assert first.url.startswith(hub.url)
    assert (second.id, second.state, second.error) == (failed, "failed", "InputImageSensitiveContentDetected")


def test_the_stream_is_open_when_the_call_returns(hub, client):
    with client.open_events():
        assert hub.listeners == 1


def test_other_events_comments_and_broken_ones_are_passed_over(hub, client):
    hub.keep_alive = 0.01
    with client.open_events() as stream:
        hub.tell("alice", "repository_pushed", {"generation_id": "x"})
        hub.say("alice", ": keep-alive\n\nevent: media_generation_completed\ndata: {half\n\n")
        hub.say("alice", "event: media_generation_completed\ndata: [1]\n\n")
        hub.say("alice", 'event: media_generation_completed\ndata: {"generation_id": 7}\n\n')
        hub.tell("alice", "media_generation_completed", {"generation_id": "a", "status": 200})
        event = next(iter(stream))
    assert (event.id, event.state) == ("a", None)


def test_somebody_elses_endings_are_not_told(open_hub, client_of):
    hub = open_hub(keys={KEY: "alice", "key-of-bob-0123456789": "bob"})
    with client_of(hub).open_events() as stream:
        hub.tell("bob", "media_generation_completed", {"generation_id": "bobs"})
        hub.tell("alice", "media_generation_completed", {"generation_id": "alices"})
        assert next(iter(stream)).id == "alices"


def test_listening_ends_soon_after_somebody_says_stop(hub, client):
    stop = threading.Event()
    seen = []

    def listen():
        with client.open_events(stop.is_set) as stream:
            seen.extend(stream)
            seen.append("left")

    listener = threading.Thread(target=listen)
    listener.start()
    until(lambda: hub.listeners)
    stop.set()
    listener.join(1.0)
    assert not listener.is_alive()
    assert seen == ["left"]


def test_listening_that_was_stopped_before_it_began_is_over_at_once(client):
    with client.open_events(lambda: True) as stream:
        assert list(stream) == []


def test_a_stream_that_falls_silent_is_given_up(hub, client):
    with client.open_events(silence=0.05) as stream, pytest.raises(AmbiguousResponse, match="in time"):
        next(iter(stream))


def test_a_stream_that_ends_is_told_apart_from_one_that_was_stopped(hub, client):
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
def test_what_is_no_stream_is_known_at_once(hub, client, plan, error):
    hub.misbehave("events", plan)
    with pytest.raises(UpstreamError) as met:
        client.open_events()
    assert type(met.value) is error


def test_a_classic_hub_is_not_listened_to(open_hub, client_of):
    with pytest.raises(NotSupported):
        client_of(open_hub("classic")).open_events()


def test_a_hub_that_is_not_there_is_unreachable_for_listeners_too(nobody_home):
    with Client(nobody_home, KEY, revision="current") as client, pytest.raises(Unreachable):
        client.open_events()


def test_a_stream_without_lengths_is_read_as_it_comes(scripted):
    said = b'event: media_generation_completed\r\ndata: {"generation_id":\r\ndata: "a"}\r\n\r\n'

    def act(connection):
        connection.recv(65536)
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n" + said)
        connection.recv(1)

    with Client(scripted(act), KEY, revision="current") as client, client.open_events() as stream:
        assert next(iter(stream)).id == "a"


# The format

STREAM = (
    b"\xef\xbb\xbf: hello\n\nevent: a\ndata: one\ndata:two\nid: 7\nretry: 5\n\r\n"
    b"data\n\nevent: lost\n\nevent:b\r\ndata:  three \r\n\r\nevent: unfinished\ndata: x\n"
)
TOLD = [("a", "one\ntwo"), ("message", ""), ("b", " three ")]


@settings(deadline=None)
@given(st.lists(st.integers(0, len(STREAM))))
def test_however_the_bytes_are_cut_the_same_events_are_read(cuts):
    places = [0, *sorted(cuts), len(STREAM)]
    parser = EventParser()
    pieces = [STREAM[a:b] for a, b in pairwise(places)]
    assert [event for piece in pieces for event in parser.feed(piece)] == TOLD


@settings(deadline=None)
@given(st.lists(st.binary(max_size=60), max_size=8))
def test_no_bytes_upset_the_reader(pieces):
    parser = EventParser()
    for piece in pieces:
        for kind, data in parser.feed(piece):
            assert kind
            assert isinstance(data, str)


@pytest.mark.parametrize("piece", [b"x" * 65536, b"data: " + b"x" * 60000 + b"\n"])
def test_an_event_without_end_is_not_collected_for_ever(piece):
    parser = EventParser()
    pieces = [piece] * (MAX_EVENT_BYTES // len(piece) + 2)
    with pytest.raises(ValueError, match="without end"):
        [list(parser.feed(piece)) for piece in pieces]
