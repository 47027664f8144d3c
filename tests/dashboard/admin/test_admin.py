import re
from datetime import timedelta
from typing import Any

import pytest
from axes.models import AccessAttempt, AccessLog
from django.contrib import admin as django_admin
from django.contrib.auth.models import Group, Permission, User
from django.contrib.messages import get_messages
from django.db import connection as database
from django.db.models import Model
from django.http import QueryDict
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from django_q.models import Failure, OrmQ, Schedule, Success

from dashboard.admin import base
from queueapp.models import (
    ApiToken,
    Connection,
    Event,
    Generation,
    Heartbeat,
    Lease,
    MediaModel,
    Namespace,
    Result,
    Submission,
)
from queueapp.services import accounts, coordination, generations
from queueapp.states import STATE_TEXTS, State
from tests import factories

REGISTRY = sorted(django_admin.site._registry.items(), key=lambda entry: entry[0]._meta.label)
every_model = pytest.mark.parametrize(
    ("model", "model_admin"), REGISTRY, ids=[model._meta.label for model, _ in REGISTRY]
)
MODEL_ADMIN = django_admin.site._registry[MediaModel]
SUPERUSER_MODELS = (Group, Schedule, Success, Failure, OrmQ)
PIXEL = "data:image/png;base64,iVBORw0KGgo="


def grow(owner: User, number: int = 0) -> None:
    """Create a row of every registered model, and several of the ones with long lists."""
    made = factories.enqueue(owner, prompt=f"a lighthouse {number}", count=2, input_images=[PIXEL])
    for generation in made:
        described = {"content_type": "image/png", "size": 1, "width": 1, "height": 1}
        Result.objects.create(generation=generation, file=str(generation), thumbnail="t", **described)
    accounts.create_token(owner, f"script {number}")
    Group.objects.create(name=f"group {number}")
    Schedule.objects.create(name=f"schedule {number}", func="queueapp.tasks.send_heartbeat")
    OrmQ.objects.create(key="jobs", payload=f"nonsense {number}")
    now = timezone.now()
    task = {"func": "queueapp.tasks.send_heartbeat", "started": now, "stopped": now, "group": f"{number}"}
    Success.objects.create(id=f"s{number}", name=f"s{number}", success=True, **task)
    Failure.objects.create(id=f"f{number}", name=f"f{number}", success=False, result="No.", **task)
    seen = {"user_agent": f"browser {number}", "ip_address": "127.0.0.1", "username": "eve", "path_info": "/"}
    AccessAttempt.objects.create(failures_since_start=number, **seen)
    AccessLog.objects.create(**seen)
    Heartbeat.objects.create(name=f"part {number}", at=now)


@pytest.fixture
def world(alice: User) -> None:
    grow(alice)


def address(model: type[Model], page: str, *args: Any) -> str:
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_{page}", args=args)


def staff(name: str, *permissions: str) -> Client:
    user = factories.user(name, is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__in=permissions))
    return browser_of(user)


def browser_of(user: User) -> Client:
    client = Client()
    client.force_login(user, backend="dashboard.access.UserBackend")
    return client


def act(client: Client, action: str, *rows: Model, **more: Any) -> list[str]:
    """Run an action on rows through the list's form; return its messages."""
    data = {"action": action, "_selected_action": [row.pk for row in rows], **more}
    session = client.session
    session.pop("_messages", None)
    session.save()
    response = client.post(address(type(rows[0]), "changelist"), data)
    assert response.status_code == 302
    return [str(message) for message in get_messages(response.wsgi_request)]


def all_filters_query(changelist: Any) -> QueryDict:
    """Return a query that uses every filter, sorts by every column and searches."""
    query = QueryDict(mutable=True)
    for spec in changelist.filter_specs:
        chosen = next(choice for choice in spec.choices(changelist) if not choice["selected"])
        query.update(QueryDict(chosen["query_string"].removeprefix("?")))
    columns = enumerate(changelist.list_display)
    query["o"] = ".".join(str(number) for number, name in columns if changelist.get_ordering_field(name))
    if changelist.search_fields:
        query["q"] = "alice %_'\" lighthouse"
    return query


def shown(client: Client, model: type[Model], **query: str) -> list[Any]:
    response = client.get(address(model, "changelist"), query)
    assert response.status_code == 200
    return list(response.context["cl"].result_list)


# Every registered page


@every_model
def test_every_page_opens_and_a_longer_list_takes_no_more_queries(
    model, model_admin, admins_browser, world, bob
):
    def load() -> tuple[Any, int]:
        with CaptureQueriesContext(database) as captured:
            response = admins_browser.get(address(model, "changelist"))
        return response.context["cl"], len(captured)

    changelist, queries = load()
    row = changelist.result_list[0]
    assert changelist.search_fields or model in (Heartbeat, Lease, OrmQ)
    query = all_filters_query(changelist)
    assert admins_browser.get(f"{address(model, 'changelist')}?{query.urlencode()}").status_code == 200
    assert admins_browser.get(address(model, "change", row.pk)).status_code == 200
    expected = 200 if model in (User, Group, ApiToken, Schedule, Connection) else 403
    assert admins_browser.get(address(model, "add")).status_code == expected
    grow(bob, 1)
    assert load()[1] == queries <= 12


@every_model
def test_staff_without_permissions_see_nothing(model, model_admin, db):
    client = staff("dana")
    for page in (("changelist",), ("add",), ("change", "1"), ("delete", "1")):
        assert client.get(address(model, *page)).status_code == 403


@pytest.mark.parametrize("model", SUPERUSER_MODELS, ids=lambda model: model._meta.label)
def test_no_permission_gives_staff_access_to_superuser_pages(model, db):
    name = model._meta.model_name
    client = staff("dana", *(f"{verb}_{name}" for verb in ("view", "add", "change", "delete")))
    for page in (("changelist",), ("add",), ("change", "1"), ("delete", "1")):
        assert client.get(address(model, *page)).status_code == 403
        assert client.post(address(model, *page), {}).status_code == 403
    assert address(model, "changelist") not in client.get(reverse("admin:index")).content.decode()


def test_no_page_shows_the_hash_of_a_token(admins_browser, alice):
    token, _ = accounts.create_token(alice, "script")
    for page in (address(ApiToken, "changelist"), address(ApiToken, "change", token.pk)):
        text = admins_browser.get(page).content.decode()
        assert token.prefix in text
        assert token.digest not in text


def test_history_and_built_in_rows_cannot_be_deleted_nor_history_edited(admins_browser, world):
    for model in (Submission, Generation, Event, Result, Namespace, MediaModel, Connection):
        row = model._default_manager.first()
        assert row is not None
        assert admins_browser.post(address(model, "delete", row.pk), {"post": "yes"}).status_code == 403
        assert model._default_manager.filter(pk=row.pk).exists()
        if model not in (MediaModel, Connection):
            assert admins_browser.post(address(model, "change", row.pk), {}).status_code == 403


# Sign-in


def test_the_index_page_starts_with_the_queue(admins_browser):
    html = admins_browser.get("/admin/").content.decode()
    assert re.findall(r'class="section"[^>]*>([^<]+)<', html) == ["Queue", "Users", "Sign-ins", "Task queue"]


def test_the_admin_redirects_to_the_sign_in_page(client, db):
    response = client.get("/admin/queueapp/generation/", follow=True)
    assert response.redirect_chain[-1][0] == "/accounts/login/?next=/admin/queueapp/generation/"


def test_the_admins_own_sign_in_form_is_disabled(client, admin):
    response = client.post("/admin/login/", {"username": "admin", "password": "admin's password"})
    assert response.status_code == 302
    assert response["Location"] == "/accounts/login/?next=/admin/"
    assert "_auth_user_id" not in client.session


def test_signed_in_users_who_are_not_staff_get_403(alices_browser):
    assert alices_browser.get("/admin/", follow=True).status_code == 403


def test_signed_in_staff_are_redirected_to_the_admin(admins_browser):
    assert admins_browser.get("/admin/login/")["Location"] == "/admin/"


# Filters and search


def test_the_filters_find_the_right_generations(admins_browser, alice):
    def asked(question: str) -> set[Generation]:
        return set(shown(admins_browser, Generation, **{question: "yes"}))

    waiting, running, failed, cancelling, young, done = (
        factories.generation(alice, state)
        for state in (
            State.QUEUED,
            State.PROCESSING,
            State.FAILED,
            State.PROCESSING,
            State.QUEUED,
            State.SUCCEEDED,
        )
    )
    factories.age(waiting, minutes=11)
    Generation.objects.filter(pk=running.pk).update(released_at=timezone.now() - timedelta(minutes=61))
    generations.cancel(cancelling, alice)
    assert asked("waiting_long") == {waiting}
    assert asked("running_long") == {running}
    assert asked("failed_recently") == {failed}
    assert asked("cancel_unanswered") == {cancelling}
    active = {row.pk for row in shown(admins_browser, Submission, active="yes")}
    assert active == {each.submission_id for each in (waiting, running, cancelling, young)}
    assert done.submission_id not in active


def test_the_search_finds_a_generation_by_prompt_id_start_of_id_and_user(admins_browser, alice, bob):
    wanted = factories.generation(alice, prompt="a green heron")
    factories.generation(bob, prompt="a red barn")
    for words in ("heron", str(wanted.pk), wanted.pk.hex, str(wanted.pk)[:8], "alice"):
        assert shown(admins_browser, Generation, q=words) == [wanted]


@pytest.mark.parametrize("model", [Generation, Submission, Result, Event], ids=lambda model: model.__name__)
def test_the_search_finds_related_rows_by_the_id_of_a_generation(model, admins_browser, alice):
    wanted = factories.generation(alice, State.SUCCEEDED)
    factories.generation(alice, State.SUCCEEDED)
    found = shown(admins_browser, model, q=str(wanted.pk))
    assert found
    assert {str(getattr(row, "generation_id", row.pk)) for row in found} <= {
        str(wanted.pk),
        str(wanted.submission_id),
    }


def test_filters_offer_only_users_with_rows_in_the_list(admins_browser, alice, bob, charlie):
    factories.enqueue(alice)
    factories.enqueue(bob)
    changelist = admins_browser.get(address(Generation, "changelist")).context["cl"]
    people = next(spec for spec in changelist.filter_specs if spec.title == "user")
    assert [name for _, name in people.lookup_choices] == ["alice", "bob"]


def test_the_list_shows_the_label_of_every_state(admins_browser, alice):
    for state in State:
        factories.generation(alice, state)
    text = admins_browser.get(address(Generation, "changelist")).content.decode()
    for words in STATE_TEXTS.values():
        assert f'<td class="field-state_display">{words.label}</td>' in text


# Pages


def test_a_generations_page_shows_parameters_timeline_and_result(admins_browser, alice):
    generation = factories.generation(alice, State.SUCCEEDED, seed=12345)
    text = admins_browser.get(address(Generation, "change", generation.pk)).content.decode()
    assert "&quot;seed&quot;: 12345" in text
    assert text.count("<time") == generation.events.count() == 4
    page = address(Result, "change", generation.pk)
    assert page in text
    assert f"/admin/queueapp/result/{generation.pk}/file/" in admins_browser.get(page).content.decode()


def test_the_link_to_the_queue_is_shown_only_to_the_owner(admins_browser, admin, alice):
    for owner, there in ((admin, True), (alice, False)):
        generation = factories.generation(owner)
        text = admins_browser.get(address(Generation, "change", generation.pk)).content.decode()
        assert (f"/generations/{generation.pk}/" in text) is there


def test_a_result_opens_only_with_the_permission_to_view_results(admins_browser, alice):
    generation = factories.generation(alice, State.SUCCEEDED)
    for page, content_type in (("file", "image/png"), ("thumbnail", "image/webp")):
        where = reverse(f"admin:queueapp_result_{page}", args=[generation.pk])
        response = admins_browser.get(where)
        assert response["Content-Type"] == content_type
        assert len(b"".join(response.streaming_content)) > 0
        assert staff(f"dana-{page}", "view_generation").get(where).status_code == 403


def test_a_result_with_a_missing_file_answers_404(admins_browser, alice, settings, tmp_path):
    generation = factories.generation(alice, State.SUCCEEDED)
    settings.MEDIA_ROOT = tmp_path / "elsewhere"
    where = reverse("admin:queueapp_result_file", args=[generation.pk])
    assert admins_browser.get(where).status_code == 404


def test_very_long_parameters_are_cut():
    text = base.format_json({"prompt": "x" * 30_000})
    assert len(text) < 21_000
    assert "more characters" in text


# Cancelling


def test_cancelling_reports_how_many_were_cancelled_and_why_others_were_not(admins_browser, admin, alice):
    queued, running, asked, done = (
        factories.generation(alice, state)
        for state in (State.QUEUED, State.PROCESSING, State.PROCESSING, State.SUCCEEDED)
    )
    generations.cancel(asked, alice)
    messages = act(admins_browser, "cancel", queued, running, asked, done)
    assert messages == [
        "Cancelled 2 generations. Running ones stop once their backend confirms.",
        "2 generations could not be cancelled: 1 had ended, 1 were cancelled before.",
    ]
    queued.refresh_from_db()
    running.refresh_from_db()
    assert queued.state == State.CANCELLED
    assert running.is_cancelling
    assert running.cancel_requested_by == admin


def test_cancelling_a_submission_cancels_its_active_generations(admins_browser, alice):
    first, *_ = factories.enqueue(alice, count=3)
    other = factories.generation(alice)
    messages = act(admins_browser, "cancel", first.submission)
    assert messages == ["Cancelled 3 generations. Running ones stop once their backend confirms."]
    assert list(Generation.objects.live()) == [other]


def test_all_rows_of_a_filter_can_be_cancelled_at_once(admins_browser, alice):
    made = factories.enqueue(alice, count=4)
    act(admins_browser, "cancel", made[0], select_across="1")
    assert not Generation.objects.live().exists()


def test_staff_with_view_permission_only_cannot_cancel(alice):
    generation = factories.generation(alice)
    client = staff("dana", "view_generation", "view_event")
    data = {"action": "cancel", "_selected_action": [generation.pk]}
    client.post(address(Generation, "changelist"), data)
    assert client.get(address(Generation, "change", generation.pk)).status_code == 200
    generation.refresh_from_db()
    assert generation.state == State.QUEUED


# Users


def test_users_are_deactivated_and_activated_but_never_by_themselves(admins_browser, admin, alice):
    messages = act(admins_browser, "deactivate", alice, admin)
    assert messages == ["You cannot change admin.", "Deactivated 1 user."]
    assert set(User.objects.filter(is_active=True)) == {admin}
    assert act(admins_browser, "activate", alice) == ["Activated 1 user."]
    alice.refresh_from_db()
    assert alice.is_active


def test_a_user_with_a_history_is_not_deleted_and_the_page_says_what_to_do(admins_browser, alice):
    factories.enqueue(alice)
    response = admins_browser.post(address(User, "delete", alice.pk), {"post": "yes"}, follow=True)
    assert "Clear “Active” to deactivate the user." in response.content.decode()
    assert User.objects.filter(pk=alice.pk).exists()


def test_a_user_without_a_history_is_deleted_with_namespace_and_tokens(admins_browser, alice):
    accounts.create_token(alice, "script")
    assert admins_browser.get(address(User, "delete", alice.pk)).status_code == 200
    admins_browser.post(address(User, "delete", alice.pk), {"post": "yes"})
    assert not User.objects.filter(username="alice").exists()
    assert not Namespace.objects.filter(name="alice").exists()
    assert not ApiToken.objects.exists()


def test_users_cannot_delete_themselves(admins_browser, admin):
    assert admins_browser.post(address(User, "delete", admin.pk), {"post": "yes"}).status_code == 403


def test_a_user_created_in_the_admin_has_a_namespace(admins_browser):
    password = "correct horse battery"
    data = {"username": "erin", "usable_password": "true", "password1": password, "password2": password}
    assert admins_browser.post(address(User, "add"), data).status_code == 302
    assert Namespace.objects.get(owner__username="erin").name == "erin"


def test_staff_who_edit_users_cannot_make_themselves_superusers(alice):
    client = staff("dana", "view_user", "change_user")
    dana = User.objects.get(username="dana")
    data = {
        "username": "dana",
        "is_active": "on",
        "is_superuser": "on",
        "date_joined_0": "2024-01-01",
        "date_joined_1": "00:00",
    }
    assert client.post(address(User, "change", dana.pk), data).status_code == 302
    dana.refresh_from_db()
    assert not dana.is_superuser
    assert dana.is_staff


def test_staff_who_edit_users_cannot_change_a_superuser(admin):
    client = staff("dana", "view_user", "change_user", "delete_user")
    password = reverse("admin:auth_user_password_change", args=[admin.pk])
    data = {"password1": "stolen by dana", "password2": "stolen by dana", "usable_password": "true"}
    assert client.post(password, data).status_code == 403
    assert client.post(address(User, "change", admin.pk), {"username": "x"}).status_code == 403
    assert client.post(address(User, "delete", admin.pk), {"post": "yes"}).status_code == 403
    act(client, "deactivate", admin)
    admin.refresh_from_db()
    assert admin.is_active
    assert admin.check_password("admin's password")


# Tokens


def test_a_new_token_is_shown_once(admins_browser, alice):
    data = {"owner": alice.pk, "name": "night job"}
    response = admins_browser.post(address(ApiToken, "add"), data, follow=True)
    token = ApiToken.objects.get()
    text = next(str(message) for message in response.context["messages"] if "shown only once" in str(message))
    secret = text.rpartition(" ")[2]
    assert accounts.authenticate_token(secret) == token
    assert token.owner == alice
    assert secret not in admins_browser.get(address(ApiToken, "changelist")).content.decode()


def test_only_superusers_create_tokens_for_others(alice):
    client = staff("dana", "add_apitoken", "view_apitoken", "view_user")
    data = {"owner": alice.pk, "name": "night job"}
    assert client.post(address(ApiToken, "add"), data).status_code == 403
    assert not ApiToken.objects.exists()


def test_revoking_reports_tokens_that_were_revoked_before(admins_browser, alice):
    valid, secret = accounts.create_token(alice, "one")
    ended, _ = accounts.create_token(alice, "two")
    accounts.revoke_token(ended.pk)
    messages = act(admins_browser, "revoke", valid, ended)
    assert messages == ["Revoked 1 token.", "1 token had been revoked before."]
    assert accounts.authenticate_token(secret) is None


# Connections and models


def test_changing_a_connection_wakes_the_poller(admins_browser, django_capture_on_commit_callbacks):
    builtin = factories.builtin()
    before = coordination.poller_lease().wakeups
    data = {"enabled": "on", "capacity": 7, "priority": 1, "name": "other", "kind": "upstream"}
    with django_capture_on_commit_callbacks(execute=True):
        assert admins_browser.post(address(Connection, "change", builtin.pk), data).status_code == 302
    builtin.refresh_from_db()
    assert (builtin.capacity, builtin.priority) == (7, 1)
    assert (builtin.name, builtin.kind) == ("builtin", "builtin")
    assert coordination.poller_lease().wakeups == before + 1


def test_an_edit_writes_only_the_edited_columns(admins_browser, monkeypatch):
    model = factories.model()
    stale = MediaModel.objects.get(pk=model.pk)
    monkeypatch.setattr(type(MODEL_ADMIN), "get_object", lambda *_: stale)
    MediaModel.objects.filter(pk=model.pk).update(median_seconds=4.5)
    assert admins_browser.post(address(MediaModel, "change", model.pk), {}).status_code == 302
    model.refresh_from_db()
    assert (model.enabled, model.median_seconds) == (False, 4.5)


def test_several_connections_are_edited_in_their_list(admins_browser, db):
    builtin, spare = factories.builtin(), Connection.objects.create(name="spare")
    data: dict[str, Any] = {"form-TOTAL_FORMS": 2, "form-INITIAL_FORMS": 2, "_save": "Save"}
    for number, each in enumerate((spare, builtin)):
        data |= {f"form-{number}-id": each.pk, f"form-{number}-capacity": 9, f"form-{number}-priority": 0}
    assert admins_browser.post(address(Connection, "changelist"), data).status_code == 302
    assert list(Connection.objects.values_list("enabled", "capacity", "priority")) == [(False, 9, 0)] * 2


def test_a_capacity_of_zero_is_rejected(admins_browser):
    builtin = factories.builtin()
    data = {"enabled": "on", "capacity": 0, "priority": 1}
    response = admins_browser.post(address(Connection, "change", builtin.pk), data)
    assert response.status_code == 200
    assert "capacity" in response.context["adminform"].form.errors


def test_the_connection_list_counts_waiting_and_running_generations(admins_browser, alice):
    factories.enqueue(alice, count=3)
    factories.generation(alice, State.PROCESSING)
    factories.generation(alice, State.SUCCEEDED)
    (row,) = shown(admins_browser, Connection)
    assert (row.waiting_count, row.running_count) == (3, 1)


def test_a_connection_without_models_or_history_can_be_deleted(admins_browser, db):
    spare = Connection.objects.create(name="spare")
    admins_browser.post(address(Connection, "delete", spare.pk), {"post": "yes"})
    assert not Connection.objects.filter(name="spare").exists()


def test_models_are_disabled_and_enabled(admins_browser):
    image, video = factories.model(), factories.model("sketch-video")
    assert act(admins_browser, "disable", image, video) == ["Disabled 2 models."]
    assert act(admins_browser, "enable", image) == ["Enabled 1 model."]
    assert MediaModel.objects.get(pk=image.pk).enabled
    assert not MediaModel.objects.get(pk=video.pk).enabled


def test_only_the_admins_own_settings_of_a_model_can_be_edited(admins_browser):
    model = factories.model()
    data = {"name": "renamed", "description": "changed"}
    assert admins_browser.post(address(MediaModel, "change", model.pk), data).status_code == 302
    changed = MediaModel.objects.get(pk=model.pk)
    assert not changed.enabled
    assert (changed.name, changed.description) == (model.name, model.description)
