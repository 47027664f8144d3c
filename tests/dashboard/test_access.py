"""Walls: every address declares who may enter, and what is not yours does not exist."""

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
from queueapp.states import State
from tests import factories

#: Views that come from elsewhere, by the beginning of their address, with a wall of their own each.
BEHIND_THEIR_OWN_WALL = ("admin/", "api/")
#: Open to people who are not signed in; each one is named here on purpose.
OPEN = {"accounts/login/", "healthz", "admin/login/", "inputs/shared/<str:token>/"}
HTMX = {"HX-Request": "true"}
PAGES = ["index", "changes", "params", "account"]
OF_ONE_GENERATION = ["generation", "generation-status", "result", "thumbnail"]


def views(patterns: list[URLPattern | URLResolver], before: str = "") -> Iterator[tuple[str, object]]:
    for pattern in patterns:
        address = before + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from views(pattern.url_patterns, address)
        else:
            yield address, pattern.callback


@pytest.fixture
def finished(alice: User) -> Generation:
    return factories.generation(alice, State.SUCCEEDED)


@pytest.fixture
def stored_input(alice: User) -> Input:
    factories.enqueue(alice, input_image=str(DataUri("image/png", factories.png())))
    return Input.objects.get()


def test_every_view_says_who_may_enter() -> None:
    silent = [
        address
        for address, view in views(get_resolver().url_patterns)
        if not hasattr(view, "access") and not address.startswith(BEHIND_THEIR_OWN_WALL)
    ]
    assert silent == []


def test_only_the_doors_are_open_to_all() -> None:
    declared = views(get_resolver().url_patterns)
    assert {address for address, view in declared if getattr(view, "access", "") == access.OPEN} == OPEN


def behind(wall: str) -> list[str]:
    """The addresses behind a wall, with something in the places of their variables."""
    found = [address for address, _ in views(get_resolver().url_patterns) if address.startswith(wall)]
    simple = (
        address.replace("^(?P<app_label>auth|queueapp|django_q|axes)/$", "queueapp/") for address in found
    )
    filled = (re.sub(r"\(\?P<.*$|<[^>]*>", "1", address) for address in simple)
    return sorted({f"/{address}" for address in filled} - {f"/{door}" for door in OPEN})


# Signing out leads away from the admin, whoever asks for it.
@pytest.mark.parametrize("address", sorted(set(behind("admin/")) - {"/admin/logout/"}))
def test_a_stranger_is_led_from_the_admin_to_the_sign_in_page(db, client: Client, address: str) -> None:
    answer = client.get(address)
    assert answer.status_code == 302
    assert "/login/" in answer["Location"]


def test_alice_is_no_admin(alices_browser: Client) -> None:
    answer = alices_browser.get("/admin/queueapp/generation/", follow=True)
    assert answer.status_code == 403
    assert "This is not for you" in answer.content.decode()


@pytest.mark.parametrize("address", behind("api/"))
@pytest.mark.parametrize("method", ["get", "post", "put", "delete"])
def test_the_api_tells_a_stranger_nothing(db, client: Client, address: str, method: str) -> None:
    answer = getattr(client, method)(address)
    assert answer.status_code in (302, 401, 404, 405)
    if answer.status_code == 302:
        assert answer["Location"].startswith("/accounts/login/")


@pytest.mark.parametrize("name", PAGES)
def test_a_stranger_is_led_to_the_sign_in_page_and_back(db, client: Client, name: str) -> None:
    answer = client.get(reverse(name))
    assert answer.status_code == 302
    assert answer["Location"] == f"/accounts/login/?next={reverse(name)}"


@pytest.mark.parametrize("name", OF_ONE_GENERATION)
def test_a_stranger_learns_nothing_of_a_generation(client: Client, finished: Generation, name: str) -> None:
    real, made_up = (client.get(reverse(name, args=[each])) for each in (finished.pk, uuid4()))
    assert real.status_code == made_up.status_code == 302
    assert real["Location"].startswith("/accounts/login/")


@pytest.mark.parametrize("name", [*PAGES, "submit"])
def test_an_expired_session_sends_the_whole_page_to_the_sign_in(db, client: Client, name: str) -> None:
    answer = (
        client.post(reverse(name), headers=HTMX)
        if name == "submit"
        else client.get(reverse(name), headers=HTMX)
    )
    assert answer["HX-Redirect"] == "/accounts/login/"
    assert answer.content == b""


@pytest.mark.parametrize("name", OF_ONE_GENERATION)
def test_what_is_alices_does_not_exist_for_bob(
    bobs_browser: Client, alices_browser: Client, finished: Generation, name: str
) -> None:
    address = reverse(name, args=[finished.pk])
    answer = alices_browser.get(address)
    assert answer.status_code == 200
    assert answer.getvalue()
    assert bobs_browser.get(address).status_code == 404
    assert bobs_browser.get(address, headers=HTMX).status_code == 404
    assert bobs_browser.get(reverse(name, args=[uuid4()])).status_code == 404


@pytest.mark.parametrize("name", ["input", "input-thumbnail"])
def test_alices_inputs_do_not_exist_for_bob(
    bobs_browser: Client, alices_browser: Client, client: Client, stored_input: Input, name: str
) -> None:
    address = reverse(name, args=[stored_input.pk])
    answer = alices_browser.get(address)
    assert answer.status_code == 200
    assert answer.getvalue()
    assert bobs_browser.get(address).status_code == 404
    assert client.get(address).status_code == 302


def test_bob_cannot_cancel_what_alice_is_waiting_for(bobs_browser: Client, alice: User) -> None:
    waiting = factories.generation(alice)
    assert bobs_browser.post(reverse("cancel", args=[waiting.pk])).status_code == 404
    waiting.refresh_from_db()
    assert waiting.state == State.QUEUED
    assert waiting.cancel_requested_at is None


def test_bob_cannot_fill_his_form_from_alices_generation(bobs_browser: Client, finished: Generation) -> None:
    assert bobs_browser.get("/", {"from": str(finished.pk)}).status_code == 404


def test_bobs_table_and_its_changes_hold_nothing_of_alices(
    bobs_browser: Client, finished: Generation
) -> None:
    assert str(finished.pk) not in bobs_browser.get("/").content.decode()
    forged = f"{finished.namespace_id}:0"
    assert (
        str(finished.pk) not in bobs_browser.get("/generations/changes/", {"since": forged}).content.decode()
    )


def test_bob_cannot_revoke_alices_token(bobs_browser: Client, alice: User) -> None:
    from queueapp.services import accounts

    token, _ = accounts.create_token(alice, "alice's script")
    assert bobs_browser.post(reverse("token-revoke", args=[token.pk])).status_code == 404
    token.refresh_from_db()
    assert token.revoked_at is None


def test_a_form_from_elsewhere_changes_nothing(alice: User) -> None:
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(alice, backend="dashboard.access.People")
    answer = browser.post(
        "/generations/", {"model": "sketch-image", "prompt": "forged", "num_generations": "1"}
    )
    assert answer.status_code == 403
    assert "That form was too old" in answer.content.decode()
    assert not Generation.objects.exists()


def test_pages_carry_the_headers_that_keep_scripts_and_frames_out(alices_browser: Client) -> None:
    headers = alices_browser.get("/").headers
    policy = headers["Content-Security-Policy"]
    assert "default-src 'self'" in policy
    assert "unsafe" not in policy
    assert headers["X-Frame-Options"] == "DENY"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "same-origin"


@pytest.mark.parametrize("address", ["/", "/account/", "/accounts/login/"])
def test_no_page_has_inline_styles_or_scripts(alices_browser: Client, client: Client, address: str) -> None:
    html = (client if "login" in address else alices_browser).get(address).content.decode()
    assert " style=" not in html
    assert "<style" not in html
    assert "<script>" not in html
    assert " onclick=" not in html
    assert "hx-on" not in html
