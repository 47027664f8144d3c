"""Users of the tests, with their browsers and scripts."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings
from django.contrib.auth.models import User
from django.test import Client

from queueapp.services import accounts
from tests import factories


@pytest.fixture(scope="session", autouse=True)
def _delete_data_folder() -> Iterator[None]:
    yield
    shutil.rmtree(settings.DROVER_DATA, ignore_errors=True)


@pytest.fixture(autouse=True)
def _empty_media_folder(tmp_path: Path, settings) -> None:
    settings.MEDIA_ROOT = tmp_path / "media"


@pytest.fixture
def alice(db) -> User:
    return factories.user("alice")


@pytest.fixture
def bob(db) -> User:
    return factories.user("bob")


@pytest.fixture
def charlie(db) -> User:
    return factories.user("charlie")


@pytest.fixture
def admin(db) -> User:
    return factories.user("admin", is_staff=True, is_superuser=True)


@pytest.fixture
def alices_browser(alice: User) -> Client:
    """A browser in which Alice is signed in."""
    return _signed_in(alice)


@pytest.fixture
def bobs_browser(bob: User) -> Client:
    return _signed_in(bob)


@pytest.fixture
def admins_browser(admin: User) -> Client:
    return _signed_in(admin)


@pytest.fixture
def alices_script(alice: User) -> Client:
    """A client that sends an API token of Alice."""
    return _with_token(alice)


@pytest.fixture
def bobs_script(bob: User) -> Client:
    return _with_token(bob)


def _signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user, backend="dashboard.access.UserBackend")
    return client


def _with_token(user: User) -> Client:
    _, secret = accounts.create_token(user, "script")
    return Client(headers={"Authorization": f"Bearer {secret}"})
