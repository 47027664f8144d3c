"""Signing in and out, tokens, passwords."""

import re

import pytest
from django.contrib.auth.models import User
from django.test import Client

from dashboard import access
from queueapp.models import ApiToken
from queueapp.services import accounts

LOGIN = "/accounts/login/"


def sign_in(browser: Client, name: str = "alice", password: str = "alice's password", **more: str):
    return browser.post(LOGIN, {"username": name, "password": password, **more})


def test_the_right_password_leads_to_the_table(client: Client, alice: User) -> None:
    answer = sign_in(client)
    assert (answer.status_code, answer["Location"]) == (302, "/")
    assert client.get("/").status_code == 200


def test_signing_in_leads_back_to_where_somebody_wanted_to_go(client: Client, alice: User) -> None:
    assert sign_in(client, next="/account/")["Location"] == "/account/"


def test_signing_in_never_leads_to_another_site(client: Client, alice: User) -> None:
    assert sign_in(client, next="https://evil.example/")["Location"] == "/"


def test_a_wrong_password_is_told_and_the_name_is_kept(client: Client, alice: User) -> None:
    html = sign_in(client, password="wrong").content.decode()
    assert "Wrong username or password." in html
    assert 'value="alice"' in html
    assert client.get("/").status_code == 302


def test_too_many_wrong_passwords_close_the_door_for_a_while(client: Client, alice: User, settings) -> None:
    for _ in range(settings.AXES_FAILURE_LIMIT):
        last = sign_in(client, password="wrong")
    assert last.status_code == 429
    assert "Too many wrong passwords" in last.content.decode()
    assert sign_in(client).status_code == 429


def test_whoever_is_signed_in_needs_no_sign_in_page(alices_browser: Client) -> None:
    assert alices_browser.get(LOGIN)["Location"] == "/"


def test_signing_out_ends_the_session(alices_browser: Client) -> None:
    assert alices_browser.post("/accounts/logout/")["Location"] == LOGIN
    assert alices_browser.get("/").status_code == 302


def test_signing_out_is_not_a_link_that_others_could_place(alices_browser: Client) -> None:
    assert alices_browser.get("/accounts/logout/").status_code == 405
    assert alices_browser.get("/").status_code == 200


def test_a_new_token_is_shown_once_and_works(alices_browser: Client, alice: User) -> None:
    html = alices_browser.post("/account/tokens/", {"name": "storyboard"}).content.decode()
    secret = re.search(r'id="secret">([^<]+)<', html)
    assert secret is not None
    token = accounts.authenticate_token(secret[1])
    assert token is not None
    assert token.owner == alice
    later = alices_browser.get("/account/").content.decode()
    assert "storyboard" in later
    assert secret[1] not in later


@pytest.mark.parametrize("name", ["", "   ", "\0", "x" * 101])
def test_a_token_needs_a_name_that_fits(alices_browser: Client, name: str) -> None:
    assert alices_browser.post("/account/tokens/", {"name": name}).status_code == 422
    assert not ApiToken.objects.exists()


def test_a_revoked_token_is_gone_from_the_page_and_ends_at_once(alices_browser: Client, alice: User) -> None:
    token, secret = accounts.create_token(alice, "night shift")
    assert alices_browser.post(f"/account/tokens/{token.pk}/revoke/")["Location"] == "/account/"
    assert accounts.authenticate_token(secret) is None
    assert "night shift" not in alices_browser.get("/account/").content.decode()


def test_the_page_lists_nobody_elses_tokens(alices_browser: Client, bob: User) -> None:
    accounts.create_token(bob, "bob's own script")
    assert "own script" not in alices_browser.get("/account/").content.decode()


def passwords(old: str, new: str, again: str) -> dict[str, str]:
    return {"old_password": old, "new_password1": new, "new_password2": again}


def test_a_new_password_keeps_this_browser_signed_in_and_ends_the_others(
    alices_browser: Client, client: Client, alice: User
) -> None:
    sign_in(client)
    new = "three brown drovers"
    answer = alices_browser.post("/account/password/", passwords("alice's password", new, new))
    assert answer["Location"] == "/account/?changed=password"
    assert "Your password is changed" in alices_browser.get(answer["Location"]).content.decode()
    assert client.get("/").status_code == 302
    assert sign_in(Client(), password=new)["Location"] == "/"


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        (("wrong", "three brown drovers", "three brown drovers"), "old password was entered incorrectly"),
        (("alice's password", "three brown drovers", "another"), "didn’t match"),
        (("alice's password", "12345678", "12345678"), "too common"),
    ],
)
def test_what_is_wrong_with_a_new_password_is_told_at_its_field(
    alices_browser: Client, typed: tuple[str, str, str], words: str
) -> None:
    answer = alices_browser.post("/account/password/", passwords(*typed))
    assert answer.status_code == 422
    assert words in answer.content.decode()
    assert sign_in(Client())["Location"] == "/"


def test_the_page_with_a_secret_is_kept_nowhere(alices_browser: Client) -> None:
    answer = alices_browser.post("/account/tokens/", {"name": "storyboard"})
    assert "no-store" in answer["Cache-Control"]


def test_behind_a_proxy_the_throttle_knows_people_apart(rf, settings):
    request = rf.get("/", headers={"X-Forwarded-For": "10.9.9.9, 192.168.7.7"})
    assert access.address_of(request) == "127.0.0.1"
    settings.DROVER_HTTPS = True
    assert access.address_of(request) == "192.168.7.7"
