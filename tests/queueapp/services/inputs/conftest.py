"""An uploaded input, and a hub that takes inputs."""

from io import BytesIO

import pytest

from queueapp.models import Connection, Input, MediaModel, Namespace
from queueapp.services import accounts, inputs
from tests import factories


@pytest.fixture
def namespace(alice) -> Namespace:
    return accounts.get_or_create_namespace(alice)


@pytest.fixture
def upload(namespace) -> Input:
    return inputs.save_upload(namespace, BytesIO(factories.png()))


@pytest.fixture
def hub(db) -> Connection:
    connection = Connection.objects.create(name="hub", base_url="http://127.0.0.1:9")
    MediaModel.objects.create(connection=connection, name="edit", display_name="Edit", media_type="image")
    return connection


@pytest.fixture
def stored_files(tmp_path):
    """Return the names of all stored files."""
    return lambda: [path.name for path in tmp_path.rglob("*") if path.is_file()]
