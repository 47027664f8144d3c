"""Adding and probing hub accounts from the command line."""

import io

import pytest
from django.core.management import CommandError, call_command

from queueapp import backends
from queueapp.models import Connection
from queueapp.services.hubs import accounts, health
from tests.hub.server import Hub


@pytest.fixture
def hub():
    with Hub("current") as hub:
        yield hub
    for client in backends._clients.values():
        client.close()
    backends._clients.clear()


@pytest.fixture
def oxen(hub, db) -> Connection:
    return accounts.save_account("oxen", base_url=hub.url, key=hub.key)


def test_addconnection_reads_the_key_from_a_file_and_never_prints_it(hub, db, tmp_path, capsys):
    file = tmp_path / "key"
    file.write_text(f"{hub.key}\n")
    call_command("addconnection", "studio", url=hub.url, namespace="alice", key_file=str(file))
    studio = Connection.objects.get(name="studio")
    assert (studio.key.decrypt(), studio.namespace) == (hub.key, "alice")
    call_command("addconnection", "studio", namespace="team")
    studio.refresh_from_db()
    assert (studio.namespace, studio.base_url) == ("team", hub.url)
    output = capsys.readouterr()
    assert hub.key not in output.out + output.err


def test_addconnection_reads_the_key_from_standard_input_or_the_environment(hub, db, monkeypatch, settings):
    monkeypatch.setattr("sys.stdin", io.StringIO(f"{hub.key}\n"))
    call_command("addconnection", "from-input", url=hub.url, key_file="-", stdout=io.StringIO())
    settings.OXEN_API_KEY = hub.key
    call_command("addconnection", "from-environment", url=hub.url, stdout=io.StringIO())
    keys = {connection.name: connection.key.decrypt() for connection in Connection.objects.all()}
    assert keys["from-input"] == keys["from-environment"] == hub.key


@pytest.mark.parametrize(
    ("name", "options", "message"),
    [
        ("builtin", {}, "not a connection to a hub"),
        ("new", {"key_file": "/nowhere"}, "cannot be read"),
        ("new", {}, "Enter the key of the hub account"),
        ("new", {"url": "ftp://x"}, "web address"),
    ],
)
def test_addconnection_reports_what_is_wrong(db, name, options, message):
    with pytest.raises(CommandError, match=message):
        call_command("addconnection", name, **options)


def test_addconnection_reports_invalid_encryption_keys(db, settings):
    settings.DROVER_ENCRYPTION_KEYS = ["nonsense"]
    settings.OXEN_API_KEY = "another-key-0123"
    with pytest.raises(CommandError, match="DROVER_ENCRYPTION_KEYS contains an invalid Fernet key"):
        call_command("addconnection", "new", url="http://127.0.0.1:9")


def test_probe_prints_the_report_and_resumes_a_stopped_connection(oxen, hub, capsys):
    health.stop(oxen, Connection.StopReason.KEY, "No.")
    call_command("probe", "oxen")
    output = capsys.readouterr().out
    assert "The key is accepted." in output
    assert "Generations go to the namespace alice." in output
    assert hub.key not in output
    oxen.refresh_from_db()
    assert oxen.stop_reason == ""


def test_probe_exits_with_1_for_a_hub_that_cannot_be_used(oxen, hub, capsys):
    hub.keys.clear()
    with pytest.raises(SystemExit) as exit_info:
        call_command("probe", "oxen")
    assert exit_info.value.code == 1
    assert "The key is not accepted" in capsys.readouterr().out


def test_probe_exits_with_1_for_invalid_encryption_keys(oxen, settings):
    settings.DROVER_ENCRYPTION_KEYS = ["nonsense"]
    with pytest.raises(SystemExit) as exit_info:
        call_command("probe", "oxen", stdout=io.StringIO())
    assert exit_info.value.code == 1


def test_probe_of_an_unknown_connection_is_an_error(db):
    with pytest.raises(CommandError, match="no connection 'nobody'"):
        call_command("probe", "nobody")
