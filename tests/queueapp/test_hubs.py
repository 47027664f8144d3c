"""Hub accounts: what can be set up, what a change throws away, and what the catalog keeps."""

from dataclasses import replace
from datetime import timedelta

import pytest
from django.utils import timezone
from django_q.models import OrmQ

from queueapp.errors import BadConnection, InsufficientCredits, ModelNotFound
from queueapp.models import Connection, Download, Generation, MediaModel
from queueapp.models.fields import Encrypted
from queueapp.services import catalog
from queueapp.services.hubs import accounts, checks, health, model_sync
from queueapp.services.lifecycle import outcomes
from queueapp.services.lifecycle.transitions import transition
from queueapp.states import State
from queueapp.upstream.catalog import ModelEntry
from tests import factories

KEY, URL = "oxen-key-of-alice-0123456789", "https://hub.example.org"


@pytest.fixture
def oxen(db) -> Connection:
    """As a check and a sync would have left it."""
    connection = accounts.save_account("oxen", base_url=URL, key=KEY, namespace="alice")
    now = timezone.now()
    Connection.objects.filter(pk=connection.pk).update(
        revision="current",
        supports_events=True,
        check_requested_at=now,
        checked_at=now,
        check_ok=True,
        models_synced_at=now,
    )
    return Connection.objects.get(pk=connection.pk)


def entry(name: str, media: str | None = "image", **told) -> ModelEntry:
    fields = {
        "display_name": name.title(),
        "description": "",
        "developer": "Somebody",
        "endpoint": "/images/generate",
        "inputs": ("text",),
        "outputs": (media or "text",),
        "pricing": {"method": "per_image", "cost_per_image": 0.04},
        "request_schema": {"properties": {"seed": {"type": "integer"}}},
    }
    return ModelEntry(id=name, media_type=media, **(fields | told))


# Setting up


def test_a_new_hub_is_kept_with_its_key_sealed_and_a_check_is_asked_for(
    db, django_capture_on_commit_callbacks
):
    with django_capture_on_commit_callbacks(execute=True):
        made = accounts.save_account("oxen", base_url=f" {URL}/ ", key=f" {KEY}\n")
    made.refresh_from_db()
    assert (made.base_url, made.key.decrypt(), made.kind) == (URL, KEY, Connection.Kind.UPSTREAM)
    assert checks.is_check_pending(made)
    assert [task.func() for task in OrmQ.objects.all()] == ["queueapp.tasks.check_hub"]
    assert not health.accepts_work(made, timezone.now())


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
def test_what_cannot_work_is_refused_in_words_that_do_not_repeat_the_key(db, fields, field):
    given = {"name": "oxen", "base_url": URL, "key": KEY} | fields
    with pytest.raises(BadConnection) as caught:
        accounts.save_account(given.pop("name"), **given)
    assert list(caught.value.problems) == [field]
    for secret in (given["key"], "alice:secret"):
        assert not (secret or "").strip() or secret not in caught.value.detail
    assert not Connection.objects.filter(kind=Connection.Kind.UPSTREAM).exists()


def test_without_a_key_the_one_that_is_there_stays(oxen):
    accounts.save_account("oxen", base_url=URL, namespace="alice", public_url="https://drover.example.org")
    after = Connection.objects.get(pk=oxen.pk)
    assert after.key == oxen.key
    assert after.public_url == "https://drover.example.org"
    assert after.check_ok


def test_saving_the_same_again_throws_nothing_away(oxen):
    accounts.save_account("oxen", base_url=f"{URL}/", key=KEY, namespace="alice")
    after = Connection.objects.get(pk=oxen.pk)
    assert (after.key, after.revision, after.check_ok) == (oxen.key, "current", True)
    assert not checks.is_check_pending(after)


@pytest.mark.parametrize(
    "change",
    [{"key": "another-key"}, {"namespace": "team"}, {"base_url": "https://other.example.org", "key": KEY}],
    ids=["key", "namespace", "address"],
)
def test_another_account_forgets_what_was_known_of_the_old_one(oxen, change):
    health.stop(oxen, Connection.StopReason.CREDITS, "Insufficient credits")
    accounts.save_account("oxen", **{"base_url": URL, "namespace": "alice"} | change)
    after = Connection.objects.get(pk=oxen.pk)
    assert (after.revision, after.supports_events, after.stop_reason, after.check_ok) == ("", None, "", None)
    assert (after.stop_message, after.stopped_at, after.models_synced_at) == ("", None, None)
    assert checks.is_check_pending(after)


@pytest.mark.parametrize("url", ["https://evil.example.org", "http://hub.example.org", f"{URL}:8443"])
def test_a_kept_key_is_never_sent_to_another_host(oxen, url):
    with pytest.raises(BadConnection, match="enter the key again"):
        accounts.save_account("oxen", base_url=url, namespace="alice")
    assert Connection.objects.get(pk=oxen.pk).base_url == URL


# The environment


def test_the_environment_makes_the_connection_oxen(db, settings):
    assert accounts.save_from_environment() is None
    settings.OXEN_API_KEY, settings.OXEN_HUB_URL, settings.OXEN_NAMESPACE = KEY, URL, "team"
    made = accounts.save_from_environment()
    assert (made.name, made.base_url, made.namespace) == ("oxen", URL, "team")
    assert made.key.decrypt() == KEY


def test_a_second_start_changes_nothing_that_was_chosen_or_found_out_since(oxen, settings):
    settings.OXEN_API_KEY, settings.OXEN_HUB_URL = KEY, URL
    Connection.objects.filter(pk=oxen.pk).update(capacity=2, priority=7, enabled=False)
    accounts.save_from_environment()
    after = Connection.objects.get(pk=oxen.pk)
    assert (after.capacity, after.priority, after.enabled) == (2, 7, False)
    assert (after.key, after.namespace, after.revision) == (oxen.key, "alice", "current")
    assert [task.func() for task in OrmQ.objects.all()][-1] == "queueapp.tasks.sync_models"


def test_another_key_in_the_environment_asks_anew_whose_it_is(oxen, settings):
    settings.OXEN_API_KEY, settings.OXEN_HUB_URL = "another-key", URL
    accounts.save_from_environment()
    after = Connection.objects.get(pk=oxen.pk)
    assert (after.key.decrypt(), after.namespace, after.revision) == ("another-key", "", "")


def test_a_key_that_cannot_be_read_is_healed_by_the_environment(oxen, settings):
    Connection.objects.filter(pk=oxen.pk).update(key=Encrypted("gone"))
    settings.OXEN_API_KEY, settings.OXEN_HUB_URL = KEY, URL
    accounts.save_from_environment()
    assert Connection.objects.get(pk=oxen.pk).key.decrypt() == KEY


# Asking for checks


def test_asking_twice_rings_once(oxen, django_capture_on_commit_callbacks):
    OrmQ.objects.all().delete()
    with django_capture_on_commit_callbacks(execute=True):
        for _ in range(5):
            checks.request_check(oxen)
    assert OrmQ.objects.count() == 1
    later = timezone.now() + checks.CHECK_TIMEOUT * 2
    assert oxen in checks.due_checks(later)


def test_a_lost_bell_is_made_up_for(oxen):
    now = timezone.now()
    assert oxen not in checks.due_checks(now)
    assert oxen not in model_sync.due_syncs(now)
    assert oxen in model_sync.due_syncs(now + timedelta(hours=2))
    Connection.objects.filter(pk=oxen.pk).update(stop_reason=Connection.StopReason.KEY)
    assert oxen in checks.due_checks(now)
    Connection.objects.filter(pk=oxen.pk).update(enabled=False)
    assert oxen not in checks.due_checks(now)


def test_a_connections_state_is_said_in_words(oxen):
    now = timezone.now()

    def said(**fields) -> str:
        Connection.objects.filter(pk=oxen.pk).update(**fields)
        return checks.describe_status(Connection.objects.get(pk=oxen.pk), now)

    assert said() == "Works"
    assert said(retry_at=now + timedelta(minutes=1), last_error="No answer.").startswith("Resting until")
    assert said(stop_reason="key") == "Stopped: the key is not accepted"
    assert said(check_requested_at=now + timedelta(seconds=1)) == "Checking…"
    assert "does the worker run" in said(
        check_requested_at=now - timedelta(hours=1), checked_at=now - timedelta(hours=2)
    )
    assert said(checked_at=None, check_requested_at=None, revision="", stop_reason="") == "Not checked yet"
    assert said(enabled=False) == "Off"


# The catalog


def test_what_a_hub_lists_is_offered_and_what_makes_no_media_cannot_be_queued(oxen):
    model_sync.save_models(oxen, [entry("flux/dev"), entry("veo", "video"), entry("chat", None)])
    assert {model.name for model in catalog.available_media_models().filter(connection=oxen)} == {
        "flux/dev",
        "veo",
    }
    assert catalog.find("chat").media_type == ""
    assert catalog.find("flux/dev").pricing == {"method": "per_image", "cost_per_image": 0.04}
    assert oxen.models_synced_at is not None


def test_what_an_admin_chose_survives_a_sync_and_what_the_hub_says_is_renewed(oxen):
    model_sync.save_models(oxen, [entry("flux")])
    MediaModel.objects.filter(name="flux").update(enabled=False, preferred=True, defaults={"seed": 7})
    model_sync.save_models(oxen, [entry("flux", display_name="Flux 2")])
    model = MediaModel.objects.get(name="flux")
    assert (model.enabled, model.preferred, model.defaults) == (False, True, {"seed": 7})
    assert model.display_name == "Flux 2"


def test_a_model_that_vanished_leaves_the_picker_keeps_its_history_and_comes_back(oxen, alice):
    model_sync.save_models(oxen, [entry("flux"), entry("veo", "video")])
    made = factories.enqueue(alice, "flux")[0]
    model_sync.save_models(oxen, [entry("veo", "video")])
    with pytest.raises(ModelNotFound):
        catalog.find("flux")
    assert catalog.model_ids_by_name("flux")
    assert Generation.objects.get(pk=made.pk).model.name == "flux"
    model_sync.save_models(oxen, [entry("flux"), entry("veo", "video")])
    assert catalog.find("flux").pk == made.model_id


def test_a_list_without_models_changes_nothing(oxen):
    model_sync.save_models(oxen, [entry("flux")])
    model_sync.save_models(oxen, [])
    assert catalog.find("flux")
    assert "no models" in Connection.objects.get(pk=oxen.pk).sync_error


def test_a_model_that_is_listed_twice_is_there_once(oxen):
    model_sync.save_models(oxen, [entry("flux"), replace(entry("flux"), display_name="Again")])
    assert MediaModel.objects.filter(connection=oxen).count() == 1


def test_what_the_old_hub_lists_is_not_taken_for_the_new_ones(oxen):
    accounts.save_account("oxen", base_url="https://other.example.org", key=KEY, namespace="alice")
    model_sync.save_models(oxen, [entry("flux")])
    assert not MediaModel.objects.filter(connection=oxen).exists()


def test_the_built_in_models_are_still_offered(oxen):
    model_sync.save_models(oxen, [entry("flux")])
    assert catalog.find("sketch-image").connection == factories.builtin()


# Credits


def test_nothing_new_is_taken_for_an_account_without_credits(oxen, alice):
    model_sync.save_models(oxen, [entry("flux")])
    waiting = factories.enqueue(alice, "flux")[0]
    health.stop(oxen, Connection.StopReason.CREDITS, "Insufficient credits")
    with pytest.raises(InsufficientCredits):
        factories.enqueue(alice, "flux")
    assert list(Generation.objects.all()) == [waiting]
    assert factories.enqueue(alice, "sketch-image")
    health.resume(oxen)
    assert factories.enqueue(alice, "flux")


def test_a_refused_key_still_lets_people_queue(oxen, alice):
    model_sync.save_models(oxen, [entry("flux")])
    health.stop(oxen, Connection.StopReason.KEY, "unauthenticated")
    assert factories.enqueue(alice, "flux")


def test_results_that_are_still_to_be_fetched_keep_the_address_too(alice):
    connection = accounts.save_account(
        "oxen", base_url="https://hub.example", key="key-of-alice-01", namespace="a"
    )
    Connection.objects.update(revision="current")
    made = factories.enqueue(alice, factories.hub_model(connection).name)[0]
    for state in (State.SUBMITTING, State.PROCESSING):
        transition(made, state)
    outcomes.record_success(made, "/files/1.png")
    with pytest.raises(BadConnection, match="1 results are still to be fetched"):
        accounts.save_account("oxen", base_url="https://other.example", key="key-of-alice-01")
    Download.objects.update(next_attempt_at=None)
    accounts.save_account("oxen", base_url="https://other.example", key="key-of-alice-01")


def test_without_a_namespace_the_one_that_is_there_stays(oxen):
    accounts.save_account("oxen", base_url=URL)
    assert Connection.objects.get(pk=oxen.pk).namespace == "alice"


def test_what_goes_at_a_hub_keeps_its_address_namespace_and_key(alice):
    connection = accounts.save_account(
        "oxen", base_url="https://hub.example", key="key-of-alice-01", namespace="a"
    )
    Connection.objects.update(revision="current")
    made = factories.enqueue(alice, factories.hub_model(connection).name)[0]
    transition(made, State.SUBMITTING)
    for change in ({"namespace": "b"}, {"key": "key-of-bob-0001"}):
        given = {"base_url": "https://hub.example", "namespace": "a"} | change
        with pytest.raises(BadConnection, match="still at work"):
            accounts.save_account("oxen", **given)
    Connection.objects.update(stop_reason=Connection.StopReason.KEY)
    accounts.save_account("oxen", base_url="https://hub.example", namespace="a", key="key-of-alice-02")
    assert Connection.objects.get(name="oxen").key.decrypt() == "key-of-alice-02"
