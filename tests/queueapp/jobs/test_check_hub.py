"""What checks and model syncs of a stand-in hub on a real socket find, store and change."""

import logging
import socket
from decimal import Decimal

import pytest
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
def _close_clients():
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


def check(connection: Connection) -> bool:
    """Check a hub as the schedule does, and load what the check stored."""
    usable = check_hub.check_hub(connection.pk)
    connection.refresh_from_db()
    return usable


def press_check(connection: Connection) -> bool:
    """Check a hub as an admin does."""
    checks.mark_check_requested(connection)
    return check(connection)


def sync(connection: Connection) -> None:
    check_hub.sync_models(connection.pk)
    connection.refresh_from_db()


def stop(connection: Connection, reason: str) -> None:
    """Stop a hub that was checked before."""
    check(connection)
    health.stop(connection, Connection.StopReason(reason), "No.")


def listed_models(connection: Connection) -> int:
    return MediaModel.objects.filter(connection=connection, listed=True).count()


# A check


@REVISIONS
def test_a_new_hub_has_its_revision_namespace_and_models_after_a_check(revision, db):
    with Hub(revision) as hub:
        oxen = accounts.save_account("oxen", base_url=hub.url, key=hub.key)
        tasks.check_hub(oxen.pk)
        oxen.refresh_from_db()
        assert (oxen.revision, oxen.namespace, oxen.check_ok) == (revision, "alice", True)
        assert f"the {revision} revision" in oxen.check_report
        assert oxen.clock_offset == pytest.approx(0, abs=1.5)
        assert health.accepts_work(oxen, oxen.checked_at)
        assert not checks.is_check_pending(oxen)
        models = MediaModel.objects.filter(connection=oxen)
        assert models.count() == 14
        assert models.exclude(media_type="").count() == 12
        assert oxen.models_synced_at
        assert not hub.ledger.generations


@REVISIONS
def test_a_wrong_key_stops_the_connection_until_another_is_entered(revision, db):
    with Hub(revision) as hub:
        oxen = accounts.save_account("oxen", base_url=hub.url, key="another-key-0123456789")
        assert not check(oxen)
        assert (oxen.stop_reason, oxen.check_ok) == (Connection.StopReason.KEY, False)
        assert "The key is not accepted" in oxen.check_report
        accounts.save_account("oxen", base_url=hub.url, key=hub.key)
        assert check(oxen)
        assert oxen.stop_reason == ""


def test_a_classic_hub_that_does_not_report_its_account_needs_a_namespace(db):
    with Hub("classic") as hub:
        hub.tells_account = False
        oxen = accounts.save_account("oxen", base_url=hub.url, key=hub.key)
        assert not check(oxen)
        assert "Enter the namespace." in oxen.check_report
        accounts.save_account("oxen", base_url=hub.url, key=hub.key, namespace="alice")
        assert check(oxen)


def test_nothing_is_sent_to_a_namespace_that_the_key_may_not_use(hub, db):
    oxen = accounts.save_account("oxen", base_url=hub.url, key=hub.key, namespace="typo")
    assert not check(oxen)
    assert "The namespace typo cannot be used: typo is not yours." in oxen.check_report
    assert not health.accepts_work(oxen, oxen.checked_at)
    accounts.save_account("oxen", base_url=hub.url, key=hub.key, namespace="alice")
    assert check(oxen)
    assert health.accepts_work(oxen, oxen.checked_at)


def test_the_admin_learns_that_two_connections_share_a_namespace(oxen, hub):
    assert check(oxen)
    second = accounts.save_account("second", base_url=hub.url, key=hub.key)
    assert check(second)
    assert "The connection oxen uses the same namespace" in second.check_report
    on_another_host = accounts.save_account(
        "third", base_url="http://127.0.0.1:1", key=hub.key, namespace="alice"
    )
    check(on_another_host)
    assert "uses the same namespace" not in on_another_host.check_report


def test_a_hub_that_does_not_answer_keeps_its_revision_and_models(oxen, hub):
    check(oxen)
    for call in ("models", "me", "list"):
        hub.misbehave(call, mis.reset_before(), mis.reset_before())
    assert not check(oxen)
    assert (oxen.check_ok, oxen.revision, oxen.stop_reason) == (False, "current", "")
    assert listed_models(oxen) == 14


def test_a_hub_that_refuses_connections_is_reported(db):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
    oxen = accounts.save_account("oxen", base_url=url, key="a-key")
    assert not check(oxen)
    assert "cannot be used" in oxen.check_report
    sync(oxen)
    assert "does not accept connections" in oxen.sync_error


def test_a_result_for_an_account_that_was_changed_meanwhile_is_discarded(oxen, hub, monkeypatch):
    real_probe = check_hub.probe

    def probe_while_the_key_is_changed(*args):
        result = real_probe(*args)
        accounts.save_account("oxen", base_url=hub.url, key="another-key-0123456789")
        return result

    monkeypatch.setattr(check_hub, "probe", probe_while_the_key_is_changed)
    assert not check(oxen)
    assert (oxen.revision, oxen.checked_at) == ("", None)
    assert checks.is_check_pending(oxen)


def test_a_key_that_cannot_be_decrypted_stops_the_connection_and_is_not_lost(oxen, hub, settings):
    stored = oxen.key
    settings.DROVER_ENCRYPTION_KEYS = ["A" * 43 + "="]
    assert not check(oxen)
    sync(oxen)
    assert "enter the key of the hub again" in oxen.check_report
    assert "enter the key of the hub again" in oxen.sync_error
    assert (oxen.stop_reason, oxen.key) == (Connection.StopReason.KEY, stored)
    assert not hub.ledger.requests


def test_invalid_encryption_keys_are_reported_by_a_check(oxen, settings):
    settings.DROVER_ENCRYPTION_KEYS = ["nonsense"]
    assert not check(oxen)
    assert "DROVER_ENCRYPTION_KEYS contains an invalid Fernet key" in oxen.check_report


def test_a_proxys_error_page_does_not_make_a_hub_look_older(oxen, hub, alice):
    check(oxen)
    hub.misbehave("history", mis.html(404))
    check(oxen)
    assert oxen.revision == "current"
    assert "Drover keeps using the current one until you press “Check”." in oxen.check_report
    generation = factories.enqueue(alice, "flux-1-dev")[0]
    transition(generation, State.SUBMITTING)
    transition(generation, State.PROCESSING)
    hub.misbehave("history", mis.html(404))
    press_check(oxen)
    assert oxen.revision == "current"
    assert "until all work at this hub has ended" in oxen.check_report
    transition(generation, State.CANCELLED)
    hub.misbehave("history", mis.html(404))
    press_check(oxen)
    assert oxen.revision == "bridge"


def test_no_log_and_no_report_contains_the_key_whatever_fails(oxen, hub, caplog):
    caplog.set_level(logging.DEBUG)
    check(oxen)
    for plan in (mis.status(500), mis.html(), mis.reset_before(), mis.bad_key()):
        hub.misbehave("models", plan)
        hub.misbehave("me", plan)
        check(oxen)
    for text in (caplog.text, repr(oxen), str(vars(oxen)), oxen.check_report, oxen.stop_message):
        assert hub.key not in text


# Resume a stopped connection


def test_a_connection_resumes_when_its_key_is_accepted_again(oxen):
    stop(oxen, "key")
    assert check(oxen)
    assert oxen.stop_reason == ""


@pytest.mark.parametrize("balance", [Decimal("0"), Decimal("-3.5")])
def test_an_empty_account_stays_stopped_even_if_an_admin_presses_check(oxen, hub, balance):
    stop(oxen, "credits")
    hub.credits["alice"] = balance
    check(oxen)
    assert oxen.stop_reason == "credits"
    press_check(oxen)
    assert oxen.stop_reason == "credits"
    assert f"balance of {balance}" in oxen.check_report


def test_a_connection_resumes_when_its_account_is_topped_up(oxen, hub):
    stop(oxen, "credits")
    hub.credits["alice"] = Decimal("5")
    check(oxen)
    assert oxen.stop_reason == ""


def test_without_a_reported_balance_a_connection_resumes_when_an_admin_presses_check(oxen, hub):
    stop(oxen, "credits")
    hub.tells_account = False
    check(oxen)
    assert oxen.stop_reason == "credits"
    press_check(oxen)
    assert oxen.stop_reason == ""


# A model sync


@pytest.mark.parametrize(
    "plan",
    [mis.html(502), mis.status(500), mis.half_json(), mis.status_error(), mis.answer(200, {"data": []})],
)
def test_a_failed_sync_keeps_the_models_and_reports_the_reason(oxen, hub, plan):
    sync(oxen)
    hub.misbehave("models", plan)
    sync(oxen)
    assert oxen.sync_error
    assert listed_models(oxen) == 14
    sync(oxen)
    assert oxen.sync_error == ""


def test_a_model_is_hidden_while_the_hub_does_not_list_it(oxen, hub):
    sync(oxen)
    hub.unlisted.add("flux-1-dev")
    sync(oxen)
    assert not MediaModel.objects.get(name="flux-1-dev").listed
    hub.unlisted.clear()
    sync(oxen)
    assert MediaModel.objects.get(name="flux-1-dev").listed


def test_a_sync_has_the_event_stream_tried_again(oxen):
    health.set_supports_events(oxen, False)
    sync(oxen)
    assert oxen.supports_events is None


# The schedule


def test_the_schedule_checks_stopped_hubs_and_syncs_old_models(oxen):
    schedules.create_schedules()
    assert Schedule.objects.filter(name=schedules.CHECK_HUBS, func="queueapp.tasks.check_due_hubs").exists()
    stop(oxen, "key")
    OrmQ.objects.all().delete()
    tasks.check_due_hubs()
    assert [task.func() for task in OrmQ.objects.all()] == ["queueapp.tasks.check_hub"]
    check(oxen)
    Connection.objects.update(models_synced_at=None)
    OrmQ.objects.all().delete()
    tasks.check_due_hubs()
    assert [task.func() for task in OrmQ.objects.all()] == ["queueapp.tasks.sync_models"]


def test_the_built_in_engine_and_deleted_connections_are_not_checked(db):
    tasks.check_hub(factories.builtin().pk)
    tasks.sync_models(factories.builtin().pk)
    tasks.check_hub(99999)
    tasks.check_due_hubs()
    assert not OrmQ.objects.exists()
