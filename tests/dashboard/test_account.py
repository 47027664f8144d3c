"""Users sign in and out, create and revoke tokens, and change their password."""

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from dashboard import access
from dashboard.forms import SignInForm
from queueapp.models import ApiToken
from queueapp.services import accounts
from tests.pages import read

LOGIN = "/accounts/login/"
NEW_PASSWORD = "three brown drovers"


def sign_in(
    browser: Client, username: str = "alice", password: str = "alice's password", **fields: str
) -> Any:
    return browser.post(LOGIN, {"username": username, "password": password, **fields})


def change_password(browser: Client, old: str, new: str, confirmation: str) -> Any:
    data = {"old_password": old, "new_password1": new, "new_password2": confirmation}
    return browser.post("/account/password/", data)


def test_the_right_password_opens_the_queue(client: Client, alice: User) -> None:
    response = sign_in(client)
    assert (response.status_code, response["Location"]) == (302, "/")
    assert client.get("/").status_code == 200


def test_signing_in_leads_back_to_the_requested_page(client: Client, alice: User) -> None:
    assert sign_in(client, next="/account/")["Location"] == "/account/"


def test_signing_in_never_leads_to_another_site(client: Client, alice: User) -> None:
    assert sign_in(client, next="https://evil.example/")["Location"] == "/"


def test_a_wrong_password_shows_an_error_and_keeps_the_name(client: Client, alice: User) -> None:
    page = read(sign_in(client, password="wrong"))
    assert page.text_in("[role=alert]") == SignInForm.error_messages["invalid_login"]
    assert page.form("form").value("username") == "alice"
    assert page.form("form").value("password") == ""
    assert client.get("/").status_code == 302


def test_a_sign_in_without_a_name_asks_for_both(client: Client, db) -> None:
    assert read(sign_in(client, username="")).text_in("[role=alert]") == "Enter your name and your password."


def test_too_many_wrong_passwords_block_the_sign_in_for_a_while(
    client: Client, alice: User, settings
) -> None:
    for _ in range(settings.AXES_FAILURE_LIMIT):
        response = sign_in(client, password="wrong")
    assert response.status_code == 429
    assert read(response).heading == "Too many wrong passwords"
    assert sign_in(client).status_code == 429


def test_a_signed_in_user_skips_the_sign_in_page(alices_browser: Client) -> None:
    assert alices_browser.get(LOGIN)["Location"] == "/"


def test_signing_out_ends_the_session(alices_browser: Client) -> None:
    assert alices_browser.post("/accounts/logout/")["Location"] == LOGIN
    assert alices_browser.get("/").status_code == 302


def test_a_link_cannot_sign_a_user_out(alices_browser: Client) -> None:
    assert alices_browser.get("/accounts/logout/").status_code == 405
    assert alices_browser.get("/").status_code == 200


def test_a_new_token_is_shown_once_and_works(alices_browser: Client, alice: User) -> None:
    secret = read(alices_browser.post("/account/tokens/", {"name": "storyboard"})).text_in("#secret")
    token = accounts.authenticate_token(secret)
    assert token is not None
    assert token.owner == alice
    page = read(alices_browser.get("/account/"))
    assert page.texts(".tokens strong") == ["storyboard"]
    assert not page.has("#secret")
    assert secret not in str(page.soup)


@pytest.mark.parametrize(
    ("name", "error"),
    [
        ("", "Enter a name."),
        ("   ", "Enter a name."),
        ("\0", "Enter a name."),
        ("x" * 101, "Use at most 100 characters."),
    ],
)
def test_a_token_needs_a_name_that_fits(alices_browser: Client, name: str, error: str) -> None:
    response = alices_browser.post("/account/tokens/", {"name": name})
    assert response.status_code == 422
    assert read(response).form('form[action="/account/tokens/"]').error("name") == error
    assert not ApiToken.objects.exists()


def test_a_revoked_token_stops_working_and_leaves_the_page(alices_browser: Client, alice: User) -> None:
    _, secret = accounts.create_token(alice, "night shift")
    url = read(alices_browser.get("/account/")).link("Revoke")
    assert alices_browser.post(url)["Location"] == "/account/"
    assert accounts.authenticate_token(secret) is None
    assert "night shift" not in read(alices_browser.get("/account/")).text


def test_the_page_lists_no_tokens_of_other_users(alices_browser: Client, bob: User) -> None:
    accounts.create_token(bob, "bob's own script")
    page = read(alices_browser.get("/account/"))
    assert "own script" not in page.text
    assert "No tokens yet." in page.text


def test_a_new_password_keeps_this_browser_signed_in_and_signs_the_others_out(
    alices_browser: Client, client: Client, alice: User
) -> None:
    sign_in(client)
    response = change_password(alices_browser, "alice's password", NEW_PASSWORD, NEW_PASSWORD)
    assert response["Location"] == "/account/?changed=password"
    page = read(alices_browser.get(response["Location"]))
    assert page.text_in(".success") == "Password changed. All other browsers were signed out."
    assert client.get("/").status_code == 302
    assert sign_in(Client(), password=NEW_PASSWORD)["Location"] == "/"


@pytest.mark.parametrize(
    ("typed", "field", "error"),
    [
        (("wrong", NEW_PASSWORD, NEW_PASSWORD), "old_password", "old password was entered incorrectly"),
        (("alice's password", NEW_PASSWORD, "another"), "new_password2", "didn’t match"),
        (("alice's password", "12345678", "12345678"), "new_password2", "too common"),
    ],
)
def test_an_invalid_new_password_is_explained_at_its_field(
    alices_browser: Client, typed: tuple[str, str, str], field: str, error: str
) -> None:
    response = change_password(alices_browser, *typed)
    assert response.status_code == 422
    assert error in read(response).form('form[action="/account/password/"]').error(field)
    assert sign_in(Client())["Location"] == "/"


def test_no_cache_stores_the_page_with_a_secret(alices_browser: Client) -> None:
    response = alices_browser.post("/account/tokens/", {"name": "storyboard"})
    assert "no-store" in response["Cache-Control"]


def test_failed_sign_ins_are_counted_by_client_behind_a_proxy(rf, settings) -> None:
    request = rf.get("/", headers={"X-Forwarded-For": "10.9.9.9, 192.168.7.7"})
    assert access.client_ip(request) == "127.0.0.1"
    settings.DROVER_HTTPS = True
    assert access.client_ip(request) == "192.168.7.7"
