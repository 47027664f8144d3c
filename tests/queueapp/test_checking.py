"""Checks and syncs against a hub on a real socket: what is found out, kept, and done about it."""

import logging
import socket
from decimal import Decimal

import pytest
from django.core.management import CommandError, call_command
from django_q.models import OrmQ, Schedule

from queueapp import backends, tasks
from queueapp.jobs import check_hub
from queueapp.models import Connection, MediaModel
from queueapp.processes import schedules
from queueapp.services.hubs import accounts, checks, health
from queueapp.services.lifecycle.transitions import transition
from queueapp.states import State
from tests import factories
from tests.hub import misbehaviour as mis
from tests.hub.server import Hub

REVISIONS = pytest.mark.parametrize("revision", ["classic", "bridge", "current"])


@pytest.fixture(autouse=True)
def _clients_end():
    yield
    for client in backends._clients.values():
        client.close()
    backends._clients.clear()


@pytest.fixture
def hub():
    with Hub("current") as hub:
        yield hub


@pytest.fixture
def oxen(hub, db) -> Connection:
    return accounts.save_account("oxen", base_url=hub.url, key=hub.key)


def after(connection: Connection) -> Connection:
    return Connection.objects.get(pk=connection.pk)


def stopped(connection: Connection, why: str) -> None:
    """Stopped, and no check is awaited."""
    check_hub.check_hub(connection.pk)
    health.stop(after(connection), Connection.StopReason(why), "No.")


@REVISIONS
def test_adding_a_hub_ends_with_its_revision_namespace_and_models(revision, db):
    with Hub(revision) as hub:
        oxen = accounts.save_account("oxen", base_url=hub.url, key=hub.key)
        tasks.check_hub(oxen.pk)
        found = after(oxen)
        assert (found.revision, found.namespace, found.check_ok) == (revision, "alice", True)
        assert f"It uses the {revision} revision" in found.check_report
        assert found.clock_offset == pytest.approx(0, abs=1.5)
        assert health.accepts_work(found, found.checked_at)
        assert not checks.is_check_pending(found)
        models = MediaModel.objects.filter(connection=oxen)
        assert models.count() == 14
        assert models.exclude(media_type="").count() == 12
        assert found.models_synced_at
        assert not hub.ledger.generations


@REVISIONS
def test_a_wrong_key_stops_the_connection_until_another_is_given(revision, db):
    with Hub(revision) as hub:
        oxen = accounts.save_account("oxen", base_url=hub.url, key="another-key-0123456789")
        assert not check_hub.check_hub(oxen.pk)
        found = after(oxen)
        assert (found.stop_reason, found.check_ok) == (Connection.StopReason.KEY, False)
        assert "The key is not accepted" in found.check_report
        accounts.save_account("oxen", base_url=hub.url, key=hub.key)
        assert check_hub.check_hub(oxen.pk)
        assert after(oxen).stop_reason == ""


def test_a_classic_hub_that_tells_no_account_waits_for_its_namespace(db):
    with Hub("classic") as hub:
        hub.tells_account = False
        oxen = accounts.save_account("oxen", base_url=hub.url, key=hub.key)
        assert not check_hub.check_hub(oxen.pk)
        assert "Enter the namespace." in after(oxen).check_report
        accounts.save_account("oxen", base_url=hub.url, key=hub.key, namespace="alice")
        assert check_hub.check_hub(oxen.pk)


def test_nothing_is_sent_to_a_namespace_that_the_key_has_no_part_in(hub, db):
    oxen = accounts.save_account("oxen", base_url=hub.url, key=hub.key, namespace="typo")
    assert not check_hub.check_hub(oxen.pk)
    found = after(oxen)
    assert "The namespace typo cannot be used: typo is not yours." in found.check_report
    assert not health.accepts_work(found, found.checked_at)
    accounts.save_account("oxen", base_url=hub.url, key=hub.key, namespace="alice")
    assert check_hub.check_hub(oxen.pk)
    assert health.accepts_work(after(oxen), found.checked_at)


def test_a_second_connection_to_the_same_namespace_is_told_and_works(oxen, hub):
    assert check_hub.check_hub(oxen.pk)
    second = accounts.save_account("second", base_url=hub.url, key=hub.key)
    assert check_hub.check_hub(second.pk)
    assert "The connection oxen leads to the same namespace" in after(second).check_report
    elsewhere = accounts.save_account("third", base_url="http://127.0.0.1:1", key=hub.key, namespace="alice")
    check_hub.check_hub(elsewhere.pk)
    assert "leads to the same namespace" not in after(elsewhere).check_report


def test_a_hub_that_is_not_there_is_told_and_what_was_known_of_it_stays(oxen, hub):
    check_hub.check_hub(oxen.pk)
    for _ in range(2):
        hub.misbehave("models", mis.reset_before())
    for call in ("me", "list"):
        hub.misbehave(call, mis.reset_before(), mis.reset_before())
    assert not check_hub.check_hub(oxen.pk)
    found = after(oxen)
    assert (found.check_ok, found.revision, found.stop_reason) == (False, "current", "")
    assert MediaModel.objects.filter(connection=oxen, listed=True).count() == 14


def test_what_was_found_out_about_an_account_that_was_changed_meanwhile_is_thrown_away(
    oxen, hub, monkeypatch
):
    real = check_hub.probe

    def slow(*args):
        found = real(*args)
        accounts.save_account("oxen", base_url=hub.url, key="another-key-0123456789")
        return found

    monkeypatch.setattr(check_hub, "probe", slow)
    assert not check_hub.check_hub(oxen.pk)
    found = after(oxen)
    assert (found.revision, found.checked_at) == ("", None)
    assert checks.is_check_pending(found)


def test_a_key_that_cannot_be_read_is_told_and_kept(oxen, hub, settings):
    before = after(oxen).key
    settings.DROVER_ENCRYPTION_KEYS = ["A" * 43 + "="]
    assert not check_hub.check_hub(oxen.pk)
    check_hub.sync_models(oxen.pk)
    found = after(oxen)
    assert "enter the secret anew" in found.check_report
    assert "enter the secret anew" in found.sync_error
    assert (found.stop_reason, found.key) == (Connection.StopReason.KEY, before)
    assert not hub.ledger.requests


# Taking up what stopped


def test_a_key_that_is_accepted_again_is_taken_up_by_itself(oxen):
    stopped(oxen, "key")
    assert check_hub.check_hub(oxen.pk)
    assert after(oxen).stop_reason == ""


@pytest.mark.parametrize("balance", [Decimal("0"), Decimal("-3.5")])
def test_an_empty_account_stays_stopped_whoever_asks(oxen, hub, balance):
    stopped(oxen, "credits")
    hub.credits["alice"] = balance
    check_hub.check_hub(oxen.pk)
    assert after(oxen).stop_reason == "credits"
    checks.mark_check_requested(oxen)
    check_hub.check_hub(oxen.pk)
    assert after(oxen).stop_reason == "credits"
    assert f"balance of {balance}" in after(oxen).check_report


def test_an_account_that_was_topped_up_is_taken_up_by_itself(oxen, hub):
    stopped(oxen, "credits")
    hub.credits["alice"] = Decimal("5")
    check_hub.check_hub(oxen.pk)
    assert after(oxen).stop_reason == ""


def test_where_the_hub_tells_no_balance_a_person_who_asks_is_believed(oxen, hub):
    stopped(oxen, "credits")
    hub.tells_account = False
    check_hub.check_hub(oxen.pk)
    assert after(oxen).stop_reason == "credits"
    checks.mark_check_requested(oxen)
    check_hub.check_hub(oxen.pk)
    assert after(oxen).stop_reason == ""


# Models


@pytest.mark.parametrize(
    "plan",
    [mis.html(502), mis.status(500), mis.half_json(), mis.status_error(), mis.answer(200, {"data": []})],
)
def test_a_sync_that_brings_no_list_changes_nothing_and_says_why(oxen, hub, plan):
    check_hub.sync_models(oxen.pk)
    hub.misbehave("models", plan)
    check_hub.sync_models(oxen.pk)
    assert after(oxen).sync_error
    assert MediaModel.objects.filter(connection=oxen, listed=True).count() == 14
    check_hub.sync_models(oxen.pk)
    assert after(oxen).sync_error == ""


def test_a_model_that_the_hub_drops_and_lists_again(oxen, hub):
    check_hub.sync_models(oxen.pk)
    hub.unlisted.add("flux-1-dev")
    check_hub.sync_models(oxen.pk)
    assert not MediaModel.objects.get(name="flux-1-dev").listed
    hub.unlisted.clear()
    check_hub.sync_models(oxen.pk)
    assert MediaModel.objects.get(name="flux-1-dev").listed


# By itself


def test_the_schedule_rings_for_what_is_due(oxen):
    schedules.create_schedules()
    assert Schedule.objects.filter(name=schedules.CHECK_HUBS, func="queueapp.tasks.check_due_hubs").exists()
    stopped(oxen, "key")
    OrmQ.objects.all().delete()
    tasks.check_due_hubs()
    assert [task.func() for task in OrmQ.objects.all()] == ["queueapp.tasks.check_hub"]
    check_hub.check_hub(oxen.pk)
    Connection.objects.update(models_synced_at=None)
    OrmQ.objects.all().delete()
    tasks.check_due_hubs()
    assert [task.func() for task in OrmQ.objects.all()] == ["queueapp.tasks.sync_models"]


def test_the_built_in_engine_and_what_was_deleted_are_not_asked(db):
    tasks.check_hub(factories.builtin().pk)
    tasks.sync_models(factories.builtin().pk)
    tasks.check_hub(99999)
    tasks.check_due_hubs()
    assert not OrmQ.objects.exists()


# Commands


def test_a_hub_is_added_and_changed_by_a_command_with_the_key_from_a_file(hub, db, tmp_path, capsys):
    file = tmp_path / "key"
    file.write_text(f"{hub.key}\n")
    call_command("addconnection", "studio", url=hub.url, namespace="alice", key_file=str(file))
    made = Connection.objects.get(name="studio")
    assert (made.key.decrypt(), made.namespace) == (hub.key, "alice")
    call_command("addconnection", "studio", namespace="team")
    assert after(made).namespace == "team"
    assert after(made).base_url == hub.url
    out = capsys.readouterr()
    assert hub.key not in out.out + out.err


def test_a_key_is_read_from_standard_input_and_from_the_environment(hub, db, monkeypatch, settings):
    import io

    monkeypatch.setattr("sys.stdin", io.StringIO(f"{hub.key}\n"))
    call_command("addconnection", "one", url=hub.url, key_file="-", stdout=io.StringIO())
    settings.OXEN_API_KEY = hub.key
    call_command("addconnection", "two", url=hub.url, stdout=io.StringIO())
    assert {each.key.decrypt() for each in Connection.objects.exclude(name="builtin")} == {hub.key}


@pytest.mark.parametrize(
    ("name", "options", "words"),
    [
        ("builtin", {}, "not a connection to a hub"),
        ("new", {"key_file": "/nowhere"}, "cannot be read"),
        ("new", {}, "needs the key"),
        ("new", {"url": "ftp://x"}, "web address"),
    ],
)
def test_what_a_command_cannot_add_is_told(db, name, options, words):
    with pytest.raises(CommandError, match=words):
        call_command("addconnection", name, **options)


def test_the_probe_says_what_the_hub_answers_and_takes_it_up(oxen, hub, capsys):
    stopped(oxen, "key")
    call_command("probe", "oxen")
    out = capsys.readouterr().out
    assert "The key is accepted." in out
    assert "Generations go to the namespace alice." in out
    assert hub.key not in out
    assert after(oxen).stop_reason == ""


def test_a_probe_of_what_cannot_be_used_ends_with_1(oxen, hub, capsys):
    hub.keys.clear()
    with pytest.raises(SystemExit) as ended:
        call_command("probe", "oxen")
    assert ended.value.code == 1
    assert "The key is not accepted" in capsys.readouterr().out
    with pytest.raises(CommandError, match="no connection 'nobody'"):
        call_command("probe", "nobody")


def test_no_log_holds_the_key_whatever_goes_wrong(oxen, hub, caplog):
    caplog.set_level(logging.DEBUG)
    check_hub.check_hub(oxen.pk)
    for plan in (mis.status(500), mis.html(), mis.reset_before(), mis.bad_key()):
        hub.misbehave("models", plan)
        hub.misbehave("me", plan)
        check_hub.check_hub(oxen.pk)
    found = after(oxen)
    for text in (caplog.text, repr(found), str(vars(found)), found.check_report, found.stop_message):
        assert hub.key not in text


def test_a_hub_that_cannot_be_reached_at_all_is_told(db):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
    oxen = accounts.save_account("oxen", base_url=url, key="a-key")
    assert not check_hub.check_hub(oxen.pk)
    assert "cannot be used" in after(oxen).check_report
    check_hub.sync_models(oxen.pk)
    assert "does not accept connections" in after(oxen).sync_error


def test_a_proxys_page_does_not_make_a_hub_one_of_an_older_revision(oxen, hub, alice):
    check_hub.check_hub(oxen.pk)
    hub.misbehave("history", mis.html(404))
    check_hub.check_hub(oxen.pk)
    found = after(oxen)
    assert found.revision == "current"
    assert "still taken for one: nobody has pressed “Check”." in found.check_report
    made = factories.enqueue(alice, "flux-1-dev")[0]
    transition(made, State.SUBMITTING)
    transition(made, State.PROCESSING)
    checks.mark_check_requested(oxen)
    hub.misbehave("history", mis.html(404))
    check_hub.check_hub(oxen.pk)
    assert "something is unfinished there" in after(oxen).check_report
    transition(made, State.CANCELLED)
    checks.mark_check_requested(oxen)
    hub.misbehave("history", mis.html(404))
    check_hub.check_hub(oxen.pk)
    assert after(oxen).revision == "bridge"


def test_events_are_tried_again_where_the_hub_seemed_to_have_none(oxen):
    health.set_supports_events(oxen, False)
    check_hub.sync_models(oxen.pk)
    assert after(oxen).supports_events is None


def test_encryption_keys_that_are_none_are_told_wherever_they_are_needed(oxen, hub, settings, capsys):
    settings.DROVER_ENCRYPTION_KEYS = ["nonsense"]
    words = "DROVER_ENCRYPTION_KEYS holds something that is no Fernet key"
    check_hub.check_hub(oxen.pk)
    assert words in after(oxen).check_report
    with pytest.raises(SystemExit):
        call_command("probe", "oxen")
    settings.OXEN_API_KEY = "another-key-0123"
    with pytest.raises(CommandError, match=words):
        call_command("addconnection", "new", url=hub.url)
