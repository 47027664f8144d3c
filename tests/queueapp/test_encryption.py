"""Hub keys are encrypted at rest, can be re-encrypted, and are never printed."""

import io

import pytest
from cryptography.fernet import Fernet
from django.core.management import CommandError, call_command
from django.db import connection as database

from queueapp import encryption
from queueapp.models import Connection
from queueapp.models.fields import Encrypted

SECRET = "oxen-key-of-alice-0123456789"


@pytest.fixture(autouse=True)
def key_file(settings, tmp_path):
    """The file with the encryption keys, in a data folder of its own."""
    settings.DROVER_DATA = tmp_path
    return tmp_path / "encryption_keys"


@pytest.fixture
def oxen(db) -> Connection:
    return Connection.objects.create(
        name="oxen", base_url="https://hub.example.org", key=Encrypted.from_text(SECRET)
    )


def rotate_keys() -> None:
    call_command("rotatekeys", stdout=io.StringIO())


def test_an_encrypted_secret_can_be_decrypted_and_is_never_printed():
    encrypted = Encrypted.from_text(SECRET)
    assert encrypted.decrypt() == SECRET
    assert SECRET not in f"{encrypted} {encrypted!r} {encrypted.token}"


def test_the_encryption_keys_are_readable_by_their_owner_alone(key_file):
    encryption.encrypt(SECRET)
    assert key_file.stat().st_mode & 0o077 == 0


def test_two_processes_that_create_the_encryption_keys_at_once_use_the_same_ones(key_file, monkeypatch):
    real_link = encryption.os.link

    def link_second(source, target):
        key_file.write_text(f"{Fernet.generate_key().decode()}\n")
        real_link(source, target)

    monkeypatch.setattr(encryption.os, "link", link_second)
    token = encryption.encrypt(SECRET)
    assert Fernet(key_file.read_text().strip()).decrypt(token.encode()).decode() == SECRET
    assert [path.name for path in key_file.parent.iterdir()] == [key_file.name]


def test_plain_text_cannot_be_stored_by_mistake(oxen):
    oxen.key = SECRET
    with pytest.raises(TypeError):
        oxen.save()


def test_neither_the_database_nor_a_dump_contains_the_key(oxen):
    with database.cursor() as cursor:
        cursor.execute("SELECT * FROM queueapp_connection")
        assert SECRET not in str(cursor.fetchall())
    dump = io.StringIO()
    call_command("dumpdata", "queueapp.connection", stdout=dump)
    assert SECRET not in dump.getvalue()
    assert oxen.key.token in dump.getvalue()


def test_a_key_can_be_decrypted_after_a_dump_is_loaded(oxen, tmp_path):
    file = tmp_path / "dump.json"
    call_command("dumpdata", "queueapp.connection", output=str(file))
    Connection.objects.filter(pk=oxen.pk).delete()
    call_command("loaddata", str(file), verbosity=0)
    assert Connection.objects.get(name="oxen").key.decrypt() == SECRET


def test_a_rotation_replaces_the_encryption_key_and_re_encrypts_every_hub_key(oxen, key_file):
    old_token, old_keys = oxen.key.token, key_file.read_text()
    rotate_keys()
    new_keys = key_file.read_text()
    assert len(new_keys.split()) == 1
    assert new_keys != old_keys
    oxen.refresh_from_db()
    assert oxen.key.token != old_token
    assert oxen.key.decrypt() == SECRET
    with pytest.raises(encryption.DecryptionFailed):
        encryption.decrypt(old_token)


def test_a_rotation_with_encryption_keys_from_the_environment_only_re_encrypts(db, settings, key_file):
    old, new = Fernet.generate_key().decode(), Fernet.generate_key().decode()
    settings.DROVER_ENCRYPTION_KEYS = [old]
    oxen = Connection.objects.create(name="oxen", key=Encrypted.from_text(SECRET))
    settings.DROVER_ENCRYPTION_KEYS = [new, old]
    rotate_keys()
    settings.DROVER_ENCRYPTION_KEYS = [new]
    oxen.refresh_from_db()
    assert oxen.key.decrypt() == SECRET
    assert not key_file.exists()


def test_a_rotation_reports_keys_that_cannot_be_decrypted_and_deletes_nothing(oxen, key_file):
    lost = Encrypted(Fernet(Fernet.generate_key()).encrypt(b"x").decode())
    spare = Connection.objects.create(name="spare", key=lost)
    with pytest.raises(CommandError, match="spare"):
        rotate_keys()
    spare.refresh_from_db()
    assert spare.key.token == lost.token
    assert len(key_file.read_text().split()) == 2
    oxen.refresh_from_db()
    assert oxen.key.decrypt() == SECRET


def test_invalid_encryption_keys_in_the_environment_are_reported(settings, oxen):
    settings.DROVER_ENCRYPTION_KEYS = ["nonsense"]
    with pytest.raises(CommandError, match="DROVER_ENCRYPTION_KEYS contains an invalid Fernet key"):
        rotate_keys()


def test_invalid_encryption_keys_in_the_file_are_reported(oxen, key_file):
    key_file.write_text("nonsense\n")
    with pytest.raises(CommandError, match="encryption_keys contains an invalid Fernet key"):
        rotate_keys()
