"""Every URL declares who may open it, and generations of other users do not exist."""

import re
from collections.abc import Iterator
from uuid import uuid4

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from dashboard import access
from queueapp.files.data_uri import DataUri
from queueapp.models import Generation, Input
from queueapp.services import accounts
from queueapp.states import State
from tests import factories
from tests.pages import read

#: URLs of other packages, which have their own access control.
FOREIGN_PREFIXES = ("admin/", "api/")
#: URLs that are open without a sign-in.
PUBLIC_URLS = {"accounts/login/", "healthz", "admin/login/", "inputs/shared/<str:token>/"}
HTMX = {"HX-Request": "true"}
PAGES = ["index", "changes", "params", "account"]
GENERATION_PAGES = ["generation", "generation-status", "result", "thumbnail"]


def views(patterns: list[URLPattern | URLResolver], prefix: str = "") -> Iterator[tuple[str, object]]:
    """Return every URL with its view."""
    for pattern in patterns:
        url = prefix + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from views(pattern.url_patterns, url)
        else:
            yield url, pattern.callback


ALL_VIEWS = list(views(get_resolver().url_patterns))


def urls_below(prefix: str) -> list[str]:
    """Return the URLs with this prefix that need a sign-in, with values in the places of their variables."""
    urls = [url for url, _ in ALL_VIEWS if url.startswith(prefix)]
    urls = [url.replace("^(?P<app_label>auth|queueapp|django_q|axes)/$", "queueapp/") for url in urls]
    urls = [re.sub(r"\(\?P<.*$|<[^>]*>", "1", url) for url in urls]
    return sorted({f"/{url}" for url in urls} - {f"/{url}" for url in PUBLIC_URLS})


@pytest.fixture
def succeeded(alice: User) -> Generation:
    return factories.generation(alice, State.SUCCEEDED)


@pytest.fixture
def stored_input(alice: User) -> Input:
    factories.enqueue(alice, input_image=str(DataUri("image/png", factories.png())))
    return Input.objects.get()


def test_every_view_declares_who_may_open_it() -> None:
    undeclared = [
        url for url, view in ALL_VIEWS if not hasattr(view, "access") and not url.startswith(FOREIGN_PREFIXES)
    ]
    assert undeclared == []


def test_only_listed_urls_are_public() -> None:
    public = {url for url, view in ALL_VIEWS if getattr(view, "access", "") == access.PUBLIC}
    assert public == PUBLIC_URLS


# Signing out redirects everyone to another page than the sign-in page of the admin.
@pytest.mark.parametrize("url", sorted(set(urls_below("admin/")) - {"/admin/logout/"}))
def test_the_admin_redirects_visitors_to_the_sign_in_page(db, client: Client, url: str) -> None:
    response = client.get(url)
    assert response.status_code == 302
    assert "/login/" in response["Location"]


def test_a_user_without_staff_status_cannot_open_the_admin(alices_browser: Client) -> None:
    response = alices_browser.get("/admin/queueapp/generation/", follow=True)
    assert response.status_code == 403
    assert read(response).heading == "You have no access to this page"


@pytest.mark.parametrize("url", urls_below("api/"))
@pytest.mark.parametrize("method", ["get", "post", "put", "delete"])
def test_the_api_tells_visitors_nothing(db, client: Client, url: str, method: str) -> None:
    response = getattr(client, method)(url)
    assert response.status_code in (302, 401, 404, 405)
    if response.status_code == 302:
        assert response["Location"].startswith("/accounts/login/")


@pytest.mark.parametrize("name", PAGES)
def test_a_page_redirects_visitors_to_the_sign_in_page_and_back(db, client: Client, name: str) -> None:
    response = client.get(reverse(name))
    assert response.status_code == 302
    assert response["Location"] == f"/accounts/login/?next={reverse(name)}"


@pytest.mark.parametrize("name", GENERATION_PAGES)
def test_visitors_cannot_find_out_whether_a_generation_exists(
    client: Client, succeeded: Generation, name: str
) -> None:
    existing, missing = (client.get(reverse(name, args=[key])) for key in (succeeded.pk, uuid4()))
    assert existing.status_code == missing.status_code == 302
    assert existing["Location"].startswith("/accounts/login/")
    assert missing["Location"].startswith("/accounts/login/")


@pytest.mark.parametrize("name", [*PAGES, "submit"])
def test_an_expired_session_sends_the_whole_page_to_the_sign_in_page(db, client: Client, name: str) -> None:
    method = client.post if name == "submit" else client.get
    response = method(reverse(name), headers=HTMX)
    assert response["HX-Redirect"] == "/accounts/login/"
    assert response.content == b""


@pytest.mark.parametrize("name", GENERATION_PAGES)
def test_alices_generations_do_not_exist_for_bob(
    bobs_browser: Client, alices_browser: Client, succeeded: Generation, name: str
) -> None:
    url = reverse(name, args=[succeeded.pk])
    response = alices_browser.get(url)
    assert response.status_code == 200
    assert response.getvalue()
    assert bobs_browser.get(url).status_code == 404
    assert bobs_browser.get(url, headers=HTMX).status_code == 404
    assert bobs_browser.get(reverse(name, args=[uuid4()])).status_code == 404


@pytest.mark.parametrize("name", ["input", "input-thumbnail"])
def test_alices_inputs_do_not_exist_for_bob(
    bobs_browser: Client, alices_browser: Client, client: Client, stored_input: Input, name: str
) -> None:
    url = reverse(name, args=[stored_input.pk])
    response = alices_browser.get(url)
    assert response.status_code == 200
    assert response.getvalue()
    assert bobs_browser.get(url).status_code == 404
    assert client.get(url).status_code == 302


def test_bob_cannot_cancel_alices_generation(bobs_browser: Client, alice: User) -> None:
    queued = factories.generation(alice)
    assert bobs_browser.post(reverse("cancel", args=[queued.pk])).status_code == 404
    queued.refresh_from_db()
    assert queued.state == State.QUEUED
    assert queued.cancel_requested_at is None


def test_bob_cannot_fill_his_form_from_alices_generation(bobs_browser: Client, succeeded: Generation) -> None:
    assert bobs_browser.get("/", {"from": str(succeeded.pk)}).status_code == 404


def test_bobs_queue_shows_nothing_of_alices(bobs_browser: Client, succeeded: Generation) -> None:
    assert str(succeeded.pk) not in bobs_browser.get("/").content.decode()


def test_bob_cannot_poll_for_changes_of_alices_namespace(bobs_browser: Client, succeeded: Generation) -> None:
    response = bobs_browser.get("/generations/changes/", {"since": f"{succeeded.namespace_id}:0"})
    assert response.status_code == 200
    assert str(succeeded.pk) not in response.content.decode()


def test_bob_cannot_revoke_alices_token(bobs_browser: Client, alice: User) -> None:
    token, _ = accounts.create_token(alice, "alice's script")
    assert bobs_browser.post(reverse("token-revoke", args=[token.pk])).status_code == 404
    token.refresh_from_db()
    assert token.revoked_at is None


def test_a_form_of_another_site_changes_nothing(alice: User) -> None:
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(alice, backend="dashboard.access.UserBackend")
    response = browser.post(
        "/generations/", {"model": "sketch-image", "prompt": "forged", "num_generations": "1"}
    )
    assert response.status_code == 403
    assert read(response).heading == "This form has expired"
    assert not Generation.objects.exists()


def test_pages_forbid_foreign_scripts_and_frames(alices_browser: Client) -> None:
    headers = alices_browser.get("/").headers
    policy = headers["Content-Security-Policy"]
    assert "default-src 'self'" in policy
    assert "unsafe" not in policy
    assert headers["X-Frame-Options"] == "DENY"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "same-origin"


@pytest.mark.parametrize("url", ["/", "/account/", "/accounts/login/", "generation"])
def test_no_page_has_inline_styles_or_scripts(
    alices_browser: Client, client: Client, succeeded: Generation, url: str
) -> None:
    url = reverse("generation", args=[succeeded.pk]) if url == "generation" else url
    page = read((client if "login" in url else alices_browser).get(url))
    assert not page.has("style, [style]")
    assert not page.has("script:not([src]):not([type='application/json'])")
    attributes = {name for element in page.all("*") for name in element.attrs}
    assert not [name for name in attributes if name.startswith(("on", "hx-on"))]
