"""A probe reports in plain sentences what a hub answers, to the admin who sets up a connection."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from queueapp.upstream.messages import Revision
from queueapp.upstream.probe import probe
from queueapp.upstream.probe_report import Probe
from tests.hub import misbehaviour as mis
from tests.hub.world import KEY


def probe_hub(hub, key=KEY, namespace=None, read_timeout=5.0):
    return probe(hub.url, key, namespace, timeouts=(5.0, read_timeout))


@pytest.mark.parametrize("revision", ["classic", "bridge", "current"])
def test_the_revision_is_determined_with_calls_that_cost_nothing(open_hub, revision):
    hub = open_hub(revision)
    result = probe_hub(hub)
    assert result.usable
    assert result.revision == revision
    assert result.key_accepted
    assert (result.namespace, result.models, result.media_models) == ("alice", 14, 12)
    assert 0 < result.latency < 1
    assert result.clock_offset == pytest.approx(0, abs=1.5)
    assert result.error == ""
    assert f"It uses the {revision} revision of the queue protocol." in result.report_lines()
    assert "The key is accepted." in result.report_lines()
    assert not hub.ledger.generations, "the probe cost something"
    assert {request.method for request in hub.ledger.requests} == {"GET"}


@pytest.mark.parametrize("revision", ["classic", "bridge", "current"])
def test_a_wrong_key_is_reported(open_hub, revision):
    result = probe_hub(open_hub(revision), "another-key-0123456789")
    assert result.reachable
    assert result.key_accepted is False
    assert not result.usable
    assert "The key is not accepted: unauthenticated." in result.report_lines()


def test_a_classic_hub_that_reports_no_owner_needs_a_configured_namespace(open_hub):
    hub = open_hub("classic")
    hub.tells_account = False
    result = probe_hub(hub)
    assert (result.revision, result.key_accepted, result.namespace) == (Revision.CLASSIC, None, None)
    assert "The hub does not report the owner of the key. Enter the namespace." in result.report_lines()
    result = probe_hub(hub, namespace="alice")
    assert (result.revision, result.key_accepted, result.namespace) == (Revision.CLASSIC, True, "alice")
    assert probe_hub(hub, "another-key-0123456789", "alice").key_accepted is False


def test_the_revision_of_a_hub_that_reports_no_owner_is_determined(open_hub):
    hub = open_hub("current")
    hub.tells_account = False
    result = probe_hub(hub)
    assert (result.revision, result.key_accepted, result.namespace) == (Revision.CURRENT, True, None)


def test_a_configured_namespace_stays_and_the_owner_of_the_key_is_reported(open_hub):
    hub = open_hub("current")
    hub.namespaces.add("team")
    result = probe_hub(hub, namespace="team")
    assert (result.namespace, result.owner, result.usable) == ("team", "alice", True)
    assert "The key belongs to alice. Generations go to the namespace team, as set." in result.report_lines()
    assert "Generations go to the namespace alice." in probe_hub(hub, namespace="alice").report_lines()


def test_a_namespace_that_the_key_may_not_use_is_reported(open_hub):
    result = probe_hub(open_hub("current"), namespace="typo")
    assert not result.usable
    assert (result.key_accepted, result.revision) == (True, "current")
    assert result.report_lines()[0] == "The namespace typo cannot be used: typo is not yours."


@pytest.mark.parametrize(("skew", "direction"), [(90.0, "ahead of"), (-3600.0, "behind")])
def test_a_wrong_clock_is_reported(hub, skew, direction):
    hub.skew = skew
    result = probe_hub(hub)
    assert result.clock_offset == pytest.approx(skew, abs=2)
    seconds = f"{abs(result.clock_offset):.0f}"
    assert f"Its clock is {seconds} s {direction} this server's." in result.report_lines()


def test_a_correct_clock_is_reported(hub):
    assert "Its clock agrees with this server's." in probe_hub(hub).report_lines()


def test_a_hub_that_refuses_connections_is_reported(closed_address):
    result, host = probe(closed_address, KEY), closed_address.removeprefix("http://")
    assert not result.reachable
    assert result.report_lines() == (f"{closed_address} cannot be used: {host} does not accept connections.",)


def test_a_hub_that_does_not_respond_is_reported(hub):
    hub.misbehave("models", mis.hang(3.0))
    result = probe_hub(hub, read_timeout=0.03)
    assert not result.usable
    assert "did not respond in time" in result.report_lines()[0]


def test_a_web_server_that_is_not_a_hub_is_reported(hub):
    for call in ("models", "me", "list"):
        hub.misbehave(call, mis.html(404))
    result = probe_hub(hub)
    assert result.reachable
    assert result.revision is None
    assert not result.usable
    assert "could not be determined" in " ".join(result.report_lines())


def test_a_redirect_is_reported_with_its_target(hub):
    for call in ("models", "me", "list"):
        hub.misbehave(call, mis.redirect("https://hub.example.org/"))
    assert "https://hub.example.org/" in " ".join(probe_hub(hub).report_lines())


def test_the_revision_of_a_failing_hub_is_not_guessed(hub):
    hub.misbehave("history", mis.status(500))
    result = probe_hub(hub)
    assert result.revision is None
    hub.make("flux-1-dev", {"prompt": "x"})
    hub.misbehave("history", mis.status(500))
    assert probe_hub(hub).revision == "current"


def test_an_unencrypted_connection_to_another_machine_is_reported():
    def is_reported(address):
        return any("unencrypted" in line for line in Probe(address, reachable=True).report_lines())

    assert is_reported("http://hub.example.org")
    assert not is_reported("https://hub.example.org")
    assert not is_reported("http://127.0.0.1:8000")
    assert not is_reported("http://[::1]:8000")
    assert not is_reported("http://localhost")


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
def test_any_responses_result_in_a_report_of_sentences(hub, plans, revision):
    hub.revision = revision
    hub.stop_misbehaving()
    for call, plan in plans.items():
        hub.misbehave(call, *([plan] * 3 if plan else []))
    result = probe_hub(hub)
    for line in result.report_lines():
        assert line.endswith((".", "?"))
        assert line[0].isupper() or line.startswith("http")
        assert KEY not in line


@settings(max_examples=50, deadline=None)
@given(st.text(), st.text())
def test_any_address_and_key_result_in_a_report(address, key):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("socket.getaddrinfo", lambda *_, **__: (_ for _ in ()).throw(OSError("no")))
        result = probe(address, key)
    assert not result.reachable
    assert all(result.report_lines())
