"""Setting up a connection, a person is told in plain words what the hub answers."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from queueapp.upstream.messages import Revision
from queueapp.upstream.probe import Probe, probe
from tests.hub import misbehaviour as mis
from tests.hub.world import KEY


def asked(hub, key=KEY, namespace=None, patience=5.0):
    return probe(hub.url, key, namespace, timeouts=(5.0, patience))


@pytest.mark.parametrize("revision", ["classic", "bridge", "current"])
def test_the_revision_is_found_out_by_asking(open_hub, revision):
    hub = open_hub(revision)
    told = asked(hub)
    assert told.usable
    assert told.revision == revision
    assert told.key_accepted
    assert (told.namespace, told.models, told.media_models) == ("alice", 14, 12)
    assert 0 < told.latency < 1
    assert told.clock_offset == pytest.approx(0, abs=1.5)
    assert told.last_error == ""
    assert f"It speaks the {revision} revision of the queue protocol." in told.words()
    assert "The key is accepted." in told.words()
    assert not hub.ledger.generations, "asking cost something"
    assert {request.method for request in hub.ledger.requests} == {"GET"}


@pytest.mark.parametrize("revision", ["classic", "bridge", "current"])
def test_a_wrong_key_is_told(open_hub, revision):
    told = asked(open_hub(revision), "another-key-0123456789")
    assert told.reachable
    assert told.key_accepted is False
    assert not told.usable
    assert "The key is not accepted: unauthenticated." in told.words()


def test_a_classic_hub_that_tells_no_account_needs_the_namespace_by_hand(open_hub):
    hub = open_hub("classic")
    hub.tells_account = False
    told = asked(hub)
    assert (told.revision, told.key_accepted, told.namespace) == (Revision.CLASSIC, None, None)
    assert "The hub does not say whose key this is: set the namespace by hand." in told.words()
    told = asked(hub, namespace="alice")
    assert (told.revision, told.key_accepted, told.namespace) == (Revision.CLASSIC, True, "alice")
    assert asked(hub, "another-key-0123456789", "alice").key_accepted is False


def test_a_hub_that_tells_no_account_is_still_known(open_hub):
    hub = open_hub("current")
    hub.tells_account = False
    told = asked(hub)
    assert (told.revision, told.key_accepted, told.namespace) == (Revision.CURRENT, True, None)


def test_a_namespace_set_by_hand_stays_and_the_owner_of_the_key_is_told_beside_it(open_hub):
    hub = open_hub("current")
    hub.namespaces.add("team")
    told = asked(hub, namespace="team")
    assert (told.namespace, told.owner, told.usable) == ("team", "alice", True)
    assert "The key is alice's; generations go to the namespace team, as set." in told.words()
    assert "Generations go to the namespace alice." in asked(hub, namespace="alice").words()


def test_a_namespace_that_the_key_has_no_part_in_is_told(open_hub):
    told = asked(open_hub("current"), namespace="typo")
    assert not told.usable
    assert (told.key_accepted, told.revision) == (True, "current")
    assert told.words()[0] == "The namespace typo cannot be used: typo is not yours."


@pytest.mark.parametrize(("skew", "words"), [(90.0, "90 s ahead of ours"), (-3600.0, "3600 s behind ours")])
def test_a_wrong_clock_is_told(hub, skew, words):
    hub.skew = skew + 0.4
    said = " ".join(asked(hub).words())
    assert words.split()[-2:] == said.split("Its clock is ")[1].split(".")[0].split()[-2:]
    assert asked(hub).clock_offset == pytest.approx(skew, abs=2)


def test_a_hub_that_is_not_there_is_told(nobody_home):
    told, place = probe(nobody_home, KEY), nobody_home.removeprefix("http://")
    assert not told.reachable
    assert told.words() == (f"{nobody_home} cannot be used: {place} does not take connections.",)


def test_a_hub_that_says_nothing_is_told(hub):
    hub.misbehave("models", mis.hang(3.0))
    told = asked(hub, patience=0.08)
    assert not told.usable
    assert "did not answer in time" in told.words()[0]


def test_a_page_that_is_no_hub_is_told(hub):
    for call in ("models", "me", "list"):
        hub.misbehave(call, mis.html(404))
    told = asked(hub)
    assert told.reachable
    assert told.revision is None
    assert not told.usable
    assert "could not be found out" in " ".join(told.words())


def test_an_address_that_has_moved_is_told_with_the_new_one(hub):
    for call in ("models", "me", "list"):
        hub.misbehave(call, mis.redirect("https://hub.example.org/"))
    assert "https://hub.example.org/" in " ".join(asked(hub).words())


def test_a_hub_in_trouble_is_not_given_a_revision_by_guessing(hub):
    hub.misbehave("history", mis.status(500))
    told = asked(hub)
    assert told.revision is None
    hub.make("flux-1-dev", {"prompt": "x"})
    hub.misbehave("history", mis.status(500))
    assert asked(hub).revision == "current"


def test_an_unencrypted_way_is_warned_of_except_on_this_machine():
    def warned(address):
        return any("unencrypted" in words for words in Probe(address, reachable=True).words())

    assert warned("http://hub.example.org")
    assert not warned("https://hub.example.org")
    assert not warned("http://127.0.0.1:8000")
    assert not warned("http://[::1]:8000")
    assert not warned("http://localhost")


PLANS = [
    mis.status(500),
    mis.status(404),
    mis.status(403),
    mis.bad_key(),
    mis.busy(),
    mis.html(),
    mis.html(200),
    mis.half_json(),
    mis.status_error(),
    mis.empty_list(),
    mis.reset_before(),
    mis.answer(200, b"[]"),
    mis.answer(405),
    mis.answer(400, {"error": "which model?"}),
    None,
]


@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    st.fixed_dictionaries({call: st.sampled_from(PLANS) for call in ("models", "me", "list", "history")}),
    st.sampled_from(["classic", "bridge", "current"]),
)
def test_whatever_a_hub_answers_a_person_gets_sentences(hub, plans, revision):
    hub.revision = revision
    hub._plans = {call: [plan] * 3 for call, plan in plans.items() if plan}
    told = asked(hub)
    for words in told.words():
        assert words.endswith((".", "?"))
        assert words[0].isupper() or words.startswith("http")
        assert KEY not in words


@settings(max_examples=50, deadline=None)
@given(st.text(), st.text())
def test_whatever_a_person_types_they_get_sentences(address, key):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("socket.getaddrinfo", lambda *_, **__: (_ for _ in ()).throw(OSError("no")))
        told = probe(address, key)
    assert not told.reachable
    assert all(told.words())
