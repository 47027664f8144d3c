"""What an admin can set up and change, and what stays."""

import pytest
from django.utils import timezone
from django_q.models import OrmQ

from queueapp.errors import BadConnection
from queueapp.models import Connection, Download
from queueapp.models.fields import Encrypted
from queueapp.services.hubs import accounts, checks, health
from queueapp.services.lifecycle import outcomes
from queueapp.services.lifecycle.transitions import transition
from queueapp.states import State
from tests import factories
from tests.queueapp.services.hubs.conftest import KEY, URL

OTHER_URL = "https://other.example.org"

# Create and change


def test_a_new_hub_has_an_encrypted_key_and_is_checked_before_anything_is_sent(
    db, django_capture_on_commit_callbacks
):
    with django_capture_on_commit_callbacks(execute=True):
        oxen = accounts.save_account("oxen", base_url=f" {URL}/ ", key=f" {KEY}\n")
    oxen.refresh_from_db()
    assert (oxen.base_url, oxen.key.decrypt(), oxen.kind) == (URL, KEY, Connection.Kind.UPSTREAM)
    assert checks.is_check_pending(oxen)
    assert [task.func() for task in OrmQ.objects.all()] == ["queueapp.tasks.check_hub"]
    assert not health.accepts_work(oxen, timezone.now())


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"base_url": "ftp://hub.example.org"}, "base_url"),
        ({"base_url": "https://alice:secret@hub.example.org"}, "base_url"),
        ({"base_url": "hub.example.org"}, "base_url"),
        ({"base_url": ""}, "base_url"),
        ({"base_url": f"{URL}/{'x' * 300}"}, "base_url"),
        ({"base_url": f"{URL}?x=1"}, "base_url"),
        ({"key": "two words of a key"}, "key"),
        ({"key": "schlüssel"}, "key"),
        ({"key": None}, "key"),
        ({"key": "  "}, "key"),
        ({"namespace": "x" * 151}, "namespace"),
        ({"namespace": "a\0b"}, "namespace"),
        ({"public_url": "javascript:alert(1)"}, "public_url"),
        ({"name": "two words"}, "name"),
        ({"name": ""}, "name"),
        ({"name": "builtin"}, "name"),
    ],
)
def test_an_invalid_account_is_refused_without_repeating_the_key(db, fields, field):
    given = {"name": "oxen", "base_url": URL, "key": KEY} | fields
    with pytest.raises(BadConnection) as caught:
        accounts.save_account(given.pop("name"), **given)
    assert list(caught.value.problems) == [field]
    for secret in (given["key"], "alice:secret"):
        assert not (secret or "").strip() or secret not in caught.value.detail
    assert not Connection.objects.filter(kind=Connection.Kind.UPSTREAM).exists()


def test_a_change_without_a_key_keeps_the_stored_key(oxen):
    stored = oxen.key
    accounts.save_account("oxen", base_url=URL, namespace="alice", public_url="https://drover.example.org")
    oxen.refresh_from_db()
    assert (oxen.key, oxen.public_url) == (stored, "https://drover.example.org")
    assert oxen.check_ok


def test_a_change_without_a_namespace_keeps_the_stored_namespace(oxen):
    accounts.save_account("oxen", base_url=URL)
    oxen.refresh_from_db()
    assert oxen.namespace == "alice"


def test_saving_the_same_account_again_changes_nothing(oxen):
    stored = oxen.key
    accounts.save_account("oxen", base_url=f"{URL}/", key=KEY, namespace="alice")
    oxen.refresh_from_db()
    assert (oxen.key, oxen.revision, oxen.check_ok) == (stored, "current", True)
    assert not checks.is_check_pending(oxen)


@pytest.mark.parametrize(
    "change",
    [{"key": "another-key"}, {"namespace": "team"}, {"base_url": OTHER_URL, "key": KEY}],
    ids=["key", "namespace", "address"],
)
def test_another_account_starts_unchecked(oxen, change):
    health.stop(oxen, Connection.StopReason.CREDITS, "Insufficient credits")
    accounts.save_account("oxen", **{"base_url": URL, "namespace": "alice"} | change)
    oxen.refresh_from_db()
    assert (oxen.revision, oxen.supports_events, oxen.stop_reason, oxen.check_ok) == ("", None, "", None)
    assert (oxen.stop_message, oxen.stopped_at, oxen.models_synced_at) == ("", None, None)
    assert checks.is_check_pending(oxen)


@pytest.mark.parametrize("url", ["https://evil.example.org", "http://hub.example.org", f"{URL}:8443"])
def test_a_stored_key_is_never_sent_to_another_host(oxen, url):
    with pytest.raises(BadConnection, match="enter the key again"):
        accounts.save_account("oxen", base_url=url, namespace="alice")
    oxen.refresh_from_db()
    assert oxen.base_url == URL


# Changes while work is unfinished


def test_while_a_generation_runs_the_account_stays_unless_its_key_is_rejected(oxen, alice):
    generation = factories.enqueue(alice, factories.hub_model(oxen).name)[0]
    transition(generation, State.SUBMITTING)
    for change in ({"namespace": "b"}, {"key": "key-of-bob-0001"}, {"base_url": OTHER_URL, "key": KEY}):
        with pytest.raises(BadConnection, match=r"unfinished work \(generations: 1, results to download: 0"):
            accounts.save_account("oxen", **{"base_url": URL} | change)
    Connection.objects.update(stop_reason=Connection.StopReason.KEY)
    accounts.save_account("oxen", base_url=URL, key="key-of-alice-02")
    oxen.refresh_from_db()
    assert oxen.key.decrypt() == "key-of-alice-02"


def test_while_a_result_is_not_downloaded_the_address_stays(oxen, alice):
    generation = factories.enqueue(alice, factories.hub_model(oxen).name)[0]
    for state in (State.SUBMITTING, State.PROCESSING):
        transition(generation, state)
    outcomes.record_success(generation, "/files/1.png")
    with pytest.raises(BadConnection, match="results to download: 1"):
        accounts.save_account("oxen", base_url=OTHER_URL, key=KEY)
    Download.objects.update(next_attempt_at=None)
    accounts.save_account("oxen", base_url=OTHER_URL, key=KEY)
    oxen.refresh_from_db()
    assert oxen.base_url == OTHER_URL


# The environment


def test_the_environment_creates_the_connection_oxen(db, settings):
    assert accounts.save_from_environment() is None
    settings.OXEN_API_KEY, settings.OXEN_HUB_URL, settings.OXEN_NAMESPACE = KEY, URL, "team"
    oxen = accounts.save_from_environment()
    assert (oxen.name, oxen.base_url, oxen.namespace) == ("oxen", URL, "team")
    assert oxen.key.decrypt() == KEY


def test_a_restart_keeps_what_admins_and_checks_have_set(oxen, settings):
    stored = oxen.key
    settings.OXEN_API_KEY, settings.OXEN_HUB_URL = KEY, URL
    Connection.objects.filter(pk=oxen.pk).update(capacity=2, priority=7, enabled=False)
    accounts.save_from_environment()
    oxen.refresh_from_db()
    assert (oxen.capacity, oxen.priority, oxen.enabled) == (2, 7, False)
    assert (oxen.key, oxen.namespace, oxen.revision) == (stored, "alice", "current")
    assert [task.func() for task in OrmQ.objects.all()][-1] == "queueapp.tasks.sync_models"


def test_another_key_in_the_environment_forgets_the_namespace_of_the_old_one(oxen, settings):
    settings.OXEN_API_KEY, settings.OXEN_HUB_URL = "another-key", URL
    accounts.save_from_environment()
    oxen.refresh_from_db()
    assert (oxen.key.decrypt(), oxen.namespace, oxen.revision) == ("another-key", "", "")


def test_the_environment_replaces_a_key_that_cannot_be_decrypted(oxen, settings):
    Connection.objects.filter(pk=oxen.pk).update(key=Encrypted("gone"))
    settings.OXEN_API_KEY, settings.OXEN_HUB_URL = KEY, URL
    accounts.save_from_environment()
    oxen.refresh_from_db()
    assert oxen.key.decrypt() == KEY
