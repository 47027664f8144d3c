"""Secrets at rest: encrypted, renewable, and told by nothing that prints them."""

import io

import pytest
from cryptography.fernet import Fernet
from django.core.management import CommandError, call_command

from queueapp import encryption
from queueapp.models import Connection
from queueapp.models.fields import Encrypted

SECRET = "oxen-key-of-alice-0123456789"


@pytest.fixture(autouse=True)
def _a_folder_of_its_own(settings, tmp_path):
    settings.DROVER_DATA = tmp_path


@pytest.fixture
def oxen(db) -> Connection:
    return Connection.objects.create(
        name="oxen", base_url="https://hub.example.org", key=Encrypted.from_text(SECRET)
    )


def token(connection: Connection) -> str:
    return Connection.objects.get(pk=connection.pk).key.token


def test_what_is_sealed_can_be_opened_and_is_nowhere_to_be_read():
    kept = Encrypted.from_text(SECRET)
    assert kept.decrypt() == SECRET
    assert SECRET not in f"{kept} {kept!r} {kept.token}"


def test_the_encryption_key_is_readable_by_nobody_else(tmp_path):
    encryption.encrypt(SECRET)
    assert (tmp_path / encryption.KEY_FILE).stat().st_mode & 0o077 == 0


def test_plain_text_cannot_be_stored_by_mistake(oxen):
    oxen.key = SECRET
    with pytest.raises(TypeError):
        oxen.save()


def test_neither_the_database_nor_a_dump_of_it_holds_the_key(oxen):
    from django.db import connection as database

    with database.cursor() as cursor:
        cursor.execute("SELECT * FROM queueapp_connection")
        assert SECRET not in str(cursor.fetchall())
    out = io.StringIO()
    call_command("dumpdata", "queueapp.connection", stdout=out)
    assert SECRET not in out.getvalue()
    assert token(oxen) in out.getvalue()


def test_a_dump_that_is_loaded_again_still_opens(oxen, tmp_path):
    file = tmp_path / "dump.json"
    call_command("dumpdata", "queueapp.connection", output=str(file))
    Connection.objects.filter(pk=oxen.pk).delete()
    call_command("loaddata", str(file), verbosity=0)
    assert Connection.objects.get(name="oxen").key.decrypt() == SECRET


def test_after_a_rotation_the_key_opens_under_the_new_encryption_key_alone(oxen, tmp_path):
    before, old = token(oxen), (tmp_path / encryption.KEY_FILE).read_text()
    call_command("rotatekeys", stdout=io.StringIO())
    new = (tmp_path / encryption.KEY_FILE).read_text()
    assert len(new.split()) == 1
    assert new != old
    assert token(oxen) != before
    assert Connection.objects.get(pk=oxen.pk).key.decrypt() == SECRET
    with pytest.raises(encryption.DecryptionFailed):
        encryption.decrypt(before)


def test_where_the_environment_gives_the_keys_a_rotation_only_encrypts_anew(db, settings, tmp_path):
    old, new = Fernet.generate_key().decode(), Fernet.generate_key().decode()
    settings.DROVER_ENCRYPTION_KEYS = [old]
    oxen = Connection.objects.create(name="oxen", key=Encrypted.from_text(SECRET))
    settings.DROVER_ENCRYPTION_KEYS = [new, old]
    call_command("rotatekeys", stdout=io.StringIO())
    settings.DROVER_ENCRYPTION_KEYS = [new]
    assert Connection.objects.get(pk=oxen.pk).key.decrypt() == SECRET
    assert not (tmp_path / encryption.KEY_FILE).exists()


def test_a_key_that_cannot_be_read_is_reported_and_nothing_is_thrown_away(oxen, tmp_path):
    lost = Encrypted(Fernet(Fernet.generate_key()).encrypt(b"x").decode())
    spare = Connection.objects.create(name="spare", key=lost)
    with pytest.raises(CommandError, match="spare"):
        call_command("rotatekeys", stdout=io.StringIO())
    assert token(spare) == lost.token
    assert len((tmp_path / encryption.KEY_FILE).read_text().split()) == 2
    assert Connection.objects.get(pk=oxen.pk).key.decrypt() == SECRET


def test_an_encryption_key_that_is_none_is_told(settings, oxen):
    settings.DROVER_ENCRYPTION_KEYS = ["nonsense"]
    with pytest.raises(CommandError, match="DROVER_ENCRYPTION_KEYS holds something that is no Fernet key"):
        call_command("rotatekeys", stdout=io.StringIO())
