"""Hub accounts in the admin: keys are accepted and never shown."""

from datetime import timedelta

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission
from django.core.cache import cache
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from django_q.models import OrmQ

from queueapp.models import Connection, ForeignGeneration, MediaModel
from queueapp.services.hubs import accounts, checks, health
from tests import factories
from tests.pages import read

KEY, URL = "oxen-key-of-alice-0123456789", "https://hub.example.org"
LIST = "/admin/queueapp/connection/"


@pytest.fixture(autouse=True)
def _empty_cache():
    cache.clear()
    yield
    cache.clear()


@pytest.fixture
def oxen(db) -> Connection:
    connection = accounts.save_account("oxen", base_url=URL, key=KEY, namespace="alice")
    now = timezone.now()
    Connection.objects.filter(pk=connection.pk).update(
        revision="current",
        check_requested_at=now,
        checked_at=now,
        check_ok=True,
        check_report="It answers.\nFine.",
    )
    OrmQ.objects.all().delete()
    return after(connection)


def after(connection: Connection) -> Connection:
    return Connection.objects.get(pk=connection.pk)


def page(connection: Connection, verb: str = "change") -> str:
    return reverse(f"admin:queueapp_connection_{verb}", args=[connection.pk])


def form(**fields: str) -> dict[str, str]:
    fields_by_default = {"base_url": URL, "namespace": "alice", "public_url": "", "new_key": ""}
    fields_by_default["initial-namespace"] = "alice"
    return fields_by_default | {"enabled": "on", "capacity": "8", "priority": "0"} | fields


def text_of(response) -> str:
    return response.content.decode()


def staff(*permissions: str) -> Client:
    user = factories.user("dana", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__in=permissions))
    client = Client()
    client.force_login(user, backend="dashboard.access.UserBackend")
    return client


def test_adding_a_hub_stores_its_key_and_requests_a_check(admins_browser, django_capture_on_commit_callbacks):
    data = form(name="oxen", new_key=KEY, namespace="", capacity="3")
    with django_capture_on_commit_callbacks(execute=True):
        response = admins_browser.post(f"{LIST}add/", data, follow=True)
    made = Connection.objects.get(name="oxen")
    assert (made.kind, made.base_url, made.capacity, made.enabled) == ("upstream", URL, 3, True)
    assert made.key.decrypt() == KEY
    assert [task.func() for task in OrmQ.objects.all()] == ["queueapp.tasks.check_hub"]
    assert "Checking…" in text_of(response)
    assert LogEntry.objects.filter(object_id=str(made.pk)).exists()


@pytest.mark.parametrize(
    ("fields", "field", "text"),
    [
        ({"new_key": ""}, "new_key", "Enter the key"),
        ({"new_key": "two text"}, "new_key", "cannot be sent"),
        ({"base_url": "https://a:b@hub.example.org"}, "base_url", "name or password"),
        ({"base_url": ""}, "base_url", "Enter the hub"),
        ({"public_url": "nowhere"}, "public_url", "web address"),
        ({"name": "builtin"}, "name", "already exists"),
        ({"name": "two text"}, "name", "Enter a valid"),
    ],
)
def test_invalid_values_are_reported_at_their_field_and_the_key_is_not_shown(
    admins_browser, fields, field, text
):
    response = admins_browser.post(f"{LIST}add/", form(**({"name": "oxen", "new_key": KEY} | fields)))
    errors = response.context["adminform"].form.errors
    assert list(errors) == [field]
    assert text in str(errors[field])
    assert KEY not in text_of(response)
    assert not Connection.objects.filter(name="oxen").exists()


def test_no_page_and_no_log_entry_shows_the_key(admins_browser, oxen):
    admins_browser.post(page(oxen), form(new_key="another-key-9876543210"))
    pages = (LIST, page(oxen), page(oxen, "history"), page(oxen, "delete"), "/admin/", "/")
    for where in pages:
        text = text_of(admins_browser.get(where))
        for secret in (KEY, "another-key-9876543210", oxen.key.token, after(oxen).key.token):
            assert secret not in text
    entry = LogEntry.objects.get()
    assert entry.get_change_message() == "Changed Key."
    assert "another" not in entry.change_message


def test_an_empty_key_field_keeps_the_stored_key(admins_browser, oxen):
    assert admins_browser.post(page(oxen), form(capacity="2")).status_code == 302
    assert after(oxen).key == oxen.key
    assert (after(oxen).capacity, after(oxen).check_ok) == (2, True)


def test_a_new_host_requires_the_key_again(admins_browser, oxen):
    elsewhere = "https://evil.example.org"
    response = admins_browser.post(page(oxen), form(base_url=elsewhere))
    assert "enter the key again" in str(response.context["adminform"].form.errors["new_key"])
    assert after(oxen).base_url == URL
    assert admins_browser.post(page(oxen), form(base_url=elsewhere, new_key=KEY)).status_code == 302
    found = after(oxen)
    assert (found.base_url, found.revision, found.check_ok) == (elsewhere, "", None)


def test_an_edit_keeps_what_a_worker_wrote_meanwhile(admins_browser, oxen):
    health.stop(oxen, Connection.StopReason.CREDITS, "Insufficient credits")
    admins_browser.post(page(oxen), form(priority="3"))
    assert (after(oxen).stop_reason, after(oxen).priority) == ("credits", 3)


def test_the_page_shows_the_status_of_a_hub(admins_browser, oxen):
    for number, hours in enumerate((1, 2, 30)):
        seen = timezone.now() - timedelta(hours=hours)
        ForeignGeneration.objects.create(connection=oxen, upstream_id=f"{number}", first_seen_at=seen)
    factories.hub_model(oxen, "flux")
    MediaModel.objects.create(connection=oxen, name="gone", display_name="Gone", listed=False)
    text = text_of(admins_browser.get(page(oxen)))
    assert "<p>It answers.</p><p>Fine.</p>" in text
    assert "1 listed, 1 of them for images or videos; 0 disabled here, 1 no longer listed" in text
    assert ">Works<" in text
    (row,) = [row for row in admins_browser.get(LIST).context["cl"].result_list if row == oxen]
    assert row.foreign_count == 2
    health.stop(oxen, Connection.StopReason.KEY, "unauthenticated")
    assert "Stopped: the key is not accepted" in text_of(admins_browser.get(LIST))


def test_the_check_button_requests_a_check_and_the_page_waits_for_its_result(
    admins_browser, oxen, django_capture_on_commit_callbacks
):
    assert f'action="{page(oxen, "check")}"' in text_of(admins_browser.get(page(oxen)))
    with django_capture_on_commit_callbacks(execute=True):
        response = admins_browser.post(page(oxen, "check"), follow=True)
    assert [task.func() for task in OrmQ.objects.all()] == ["queueapp.tasks.check_hub"]
    assert "Checking…" in text_of(response)
    assert 'http-equiv="refresh"' in text_of(response)
    Connection.objects.filter(pk=oxen.pk).update(checked_at=timezone.now() + timedelta(seconds=1))
    assert 'http-equiv="refresh"' not in text_of(admins_browser.get(f"{page(oxen)}?checking=1"))


def test_models_are_synced_on_request(admins_browser, oxen, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True):
        admins_browser.post(page(oxen, "sync"))
        data = {"action": "sync_hubs", "_selected_action": [oxen.pk, factories.builtin().pk]}
        text = text_of(admins_browser.post(LIST, data, follow=True))
    assert [task.func() for task in OrmQ.objects.all()] == ["queueapp.tasks.sync_models"] * 2
    assert "Syncing the models of 1 hub." in text
    assert "The built-in engine needs no check." in text


def test_several_hubs_are_checked_from_the_list(admins_browser, oxen):
    admins_browser.post(LIST, {"action": "check_hubs", "_selected_action": [oxen.pk]})
    assert checks.is_check_pending(after(oxen))


def test_the_buttons_reject_get_requests_the_built_in_engine_and_missing_csrf_tokens(
    admins_browser, admin, oxen
):
    for verb in ("check", "sync"):
        assert admins_browser.get(page(oxen, verb)).status_code == 405
        assert admins_browser.post(page(factories.builtin(), verb)).status_code == 404
        strict = Client(enforce_csrf_checks=True)
        strict.force_login(admin, backend="dashboard.access.UserBackend")
        assert strict.post(page(oxen, verb)).status_code == 403
    assert not checks.is_check_pending(after(oxen))


def test_staff_with_view_permission_only_see_no_buttons_and_no_key_field(oxen):
    client = staff("view_connection")
    text = text_of(client.get(page(oxen)))
    assert "It answers." in text
    assert "new_key" not in text
    assert page(oxen, "check") not in text
    assert client.post(page(oxen, "check")).status_code == 403
    assert client.post(page(oxen, "sync")).status_code == 403


def test_the_built_in_engine_has_no_account_fields(admins_browser, db):
    text = text_of(admins_browser.get(page(factories.builtin())))
    assert "base_url" not in text
    assert "new_key" not in text


# Models


def test_admins_set_the_defaults_of_a_models_form(admins_browser, db):
    model = factories.model()
    where = reverse("admin:queueapp_mediamodel_change", args=[model.pk])
    data = {"enabled": "on", "preferred": "on", "defaults": '{"seed": 7}'}
    assert admins_browser.post(where, data).status_code == 302
    changed = MediaModel.objects.get(pk=model.pk)
    assert (changed.preferred, changed.defaults) == (True, {"seed": 7})
    assert admins_browser.post(where, {"enabled": "on", "defaults": ""}).status_code == 302
    assert MediaModel.objects.get(pk=model.pk).defaults == {}


@pytest.mark.parametrize(
    ("defaults", "text"),
    [
        ("[1]", "Enter a JSON object"),
        ('{"sed": 7}', "sed: The model has no such parameter."),
        ('{"seed": "many"}', "seed: Must be a whole number."),
        ('{"seed": NaN}', "too large"),
        ("nonsense", "valid JSON"),
    ],
)
def test_invalid_defaults_are_rejected(admins_browser, db, defaults, text):
    model = factories.model()
    where = reverse("admin:queueapp_mediamodel_change", args=[model.pk])
    response = admins_browser.post(where, {"enabled": "on", "defaults": defaults})
    assert text in str(response.context["adminform"].form.errors["defaults"])
    assert MediaModel.objects.get(pk=model.pk).defaults == {}


# Banners for staff


def test_every_page_shows_staff_a_banner_about_stopped_connections(admins_browser, alices_browser, oxen):
    assert not read(admins_browser.get("/")).has(".banner")
    health.stop(oxen, Connection.StopReason.CREDITS, "<b>Insufficient credits</b>")
    cache.clear()
    for where in ("/", "/account/"):
        shown = read(admins_browser.get(where))
        text = shown.text_in(".banner")
        assert "oxen: Stopped: out of credits." in text
        assert "The hub answered: “<b>Insufficient credits</b>”." in text
        assert shown.link("Open the connection") == page(oxen)
    assert not read(alices_browser.get("/")).has(".banner")
    Connection.objects.update(enabled=False)
    cache.clear()
    assert not read(admins_browser.get("/")).has(".banner")


def test_the_banner_has_no_link_for_staff_without_permission(oxen):
    health.stop(oxen, Connection.StopReason.KEY, "unauthenticated")
    shown = read(staff().get("/"))
    assert "oxen: Stopped: the key is not accepted." in shown.text_in(".banner")
    assert not shown.has(".banner a")


def test_a_form_opened_before_a_check_does_not_undo_its_result(admins_browser, oxen):
    Connection.objects.update(namespace="")
    shown = text_of(admins_browser.get(page(oxen)))
    assert 'name="initial-namespace"' in shown
    Connection.objects.update(namespace="alice", revision="current")
    data = form(namespace="", public_url="https://drover.example.org") | {"initial-namespace": ""}
    assert admins_browser.post(page(oxen), data).status_code == 302
    found = after(oxen)
    assert (found.namespace, found.revision) == ("alice", "current")
    assert found.public_url == "https://drover.example.org"


def test_save_and_continue_shows_the_result_of_the_check(admins_browser, oxen):
    data = form(new_key="another-key-9876543210") | {"_continue": "1"}
    assert admins_browser.post(page(oxen), data)["Location"] == f"{page(oxen)}?checking=1"
    assert 'http-equiv="refresh"' in text_of(admins_browser.get(f"{page(oxen)}?checking=1"))
    unchanged = admins_browser.post(page(oxen), form(capacity="3") | {"_continue": "1"})
    assert unchanged.status_code == 302


def test_the_status_says_why_a_hub_cannot_be_used(admins_browser, oxen):
    Connection.objects.update(
        revision="", checked_at=timezone.now(), check_report="The namespace typo cannot be used: no.\nMore."
    )
    text = text_of(admins_browser.get(LIST))
    assert "Cannot be used yet: The namespace typo cannot be used: no." in text
    assert "More." not in text
