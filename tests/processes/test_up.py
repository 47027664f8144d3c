"""`manage.py up` on data of another version of Drover."""

import os
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import psycopg
import pytest

from tests.running import Drover

#: The migrations of Drover 0.1.
OLD_MIGRATIONS = ("0001_start", "0002_upstream", "0003_sending_rests")
CREATE_TABLE = "CREATE TABLE django_migrations (id integer PRIMARY KEY, app text, name text, applied {type})"
INSERT = "INSERT INTO django_migrations VALUES ({id}, 'queueapp', '{name}', '2025-01-01')"


def statements(migrations: tuple[str, ...], time_type: str) -> list[str]:
    inserts = [INSERT.format(id=number, name=name) for number, name in enumerate(migrations)]
    return [CREATE_TABLE.format(type=time_type), *inserts]


def create_data_folder(
    folder: Path, migrations: tuple[str, ...], journal_mode: str, *, log_left: bool
) -> None:
    """Create the data folder of a stopped instance, or, with `log_left`, of one that was killed."""
    folder.mkdir()
    file = folder / "drover.sqlite3"
    with closing(sqlite3.connect(file)) as database:
        database.execute(f"PRAGMA journal_mode={journal_mode}")
        for statement in statements(migrations, "datetime"):
            database.execute(statement)
        database.commit()
        if log_left:
            # SQLite moves the log into the database when the connection is closed.
            copies = {path: path.read_bytes() for path in folder.iterdir()}
    if log_left:
        for path, content in copies.items():
            path.write_bytes(content)
    (folder / "secret_key").write_text("the secret key")
    (folder / "drover.lock").touch()


def contents(folder: Path) -> dict[str, tuple[bytes, int]]:
    """Return content and time of every file, apart from SQLite's index of the log, which is no data."""
    files = [path for path in folder.rglob("*") if path.is_file() and not path.name.endswith("-shm")]
    return {str(path): (path.read_bytes(), path.stat().st_mtime_ns) for path in files}


@pytest.mark.parametrize(("journal_mode", "log_left"), [("delete", False), ("wal", False), ("wal", True)])
def test_a_data_folder_of_an_older_version_is_refused_and_not_changed(tmp_path, journal_mode, log_left):
    folder = tmp_path / "data"
    create_data_folder(folder, OLD_MIGRATIONS, journal_mode, log_left=log_left)
    assert (folder / "drover.sqlite3-wal").exists() == log_left
    before = contents(folder)
    refusal = Drover(folder, DATABASE_URL="").run("up")
    assert refusal.returncode == 1
    assert refusal.stdout == ""
    assert refusal.stderr == (
        f"CommandError: The database in {folder} was created by Drover 0.1 and cannot be used by this"
        " version. Choose another folder with DROVER_DATA, or move this one away.\n"
    )
    assert contents(folder) == before


def test_a_data_folder_of_a_newer_version_is_refused(tmp_path):
    folder = tmp_path / "data"
    create_data_folder(folder, ("0001_initial", "9999_from_the_future"), "wal", log_left=False)
    refusal = Drover(folder, DATABASE_URL="").run("up")
    assert refusal.returncode == 1
    assert f"The database in {folder} was created by a newer version of Drover" in refusal.stderr


def test_a_file_that_is_no_database_is_refused_in_one_line(tmp_path):
    (tmp_path / "drover.sqlite3").write_text(
        "this is a text of more than sixteen bytes, which is no database"
    )
    refusal = Drover(tmp_path, DATABASE_URL="").run("up")
    assert refusal.returncode == 1
    assert refusal.stderr == "CommandError: The database cannot be read: file is not a database\n"


@pytest.mark.skipif(not os.environ.get("DATABASE_URL"), reason="needs PostgreSQL in DATABASE_URL")
def test_a_postgresql_database_of_an_older_version_is_refused_and_not_changed(tmp_path):
    drover = Drover(tmp_path / "data")
    drover.database.create()
    try:
        with psycopg.connect(drover.database.url) as connection:
            for statement in statements(OLD_MIGRATIONS, "timestamptz"):
                connection.execute(statement)  # type: ignore[call-overload]
        refusal = drover.run("up")
        assert refusal.returncode == 1
        assert refusal.stderr == (
            "CommandError: The database in DATABASE_URL was created by Drover 0.1 and cannot be used by this"
            " version. Choose another database with DATABASE_URL.\n"
        )
        tables = drover.database.rows("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
        assert tables == [("django_migrations",)]
    finally:
        drover.database.drop()
        shutil.rmtree(drover.data, ignore_errors=True)
