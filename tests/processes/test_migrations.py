"""A database of an earlier release migrates to the newest schema and keeps its rows.

`tests/fixtures/drover-VERSION.sql` is a small database of each release. Never edit a file there, nor a
migration that is in a release.
"""

import json
import os
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
RELEASES = sorted((ROOT / "tests" / "fixtures").glob("drover-*.sql"))

_MIGRATE_AND_COUNT = """
import json
import django
django.setup()
from django.apps import apps
from django.core.management import call_command
from django.test import Client
call_command("migrate", interactive=False, verbosity=0)
call_command("makemigrations", check_changes=True, dry_run=True, verbosity=0)
from django.contrib.auth.models import User
client = Client(headers={"Host": "localhost"})
client.force_login(User.objects.get(username="alice"), backend="dashboard.access.UserBackend")
page = client.get("/").content.decode()
models = apps.get_app_config("queueapp").get_models()
counts = {model._meta.db_table: model.objects.count() for model in models}
print(json.dumps({"rows": page.count('id="generation-'), "counts": counts}))
"""


def counts(database: Path) -> dict[str, int]:
    """Count the rows of every table of Drover's own."""
    with closing(sqlite3.connect(database)) as connection:
        query = "SELECT name FROM sqlite_master WHERE type = 'table' AND name LIKE 'queueapp_%'"
        tables = [name for (name,) in connection.execute(query)]
        return {table: connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0] for table in tables}


@pytest.mark.parametrize("release", RELEASES, ids=lambda path: path.stem)
def test_a_database_of_a_release_migrates_and_keeps_its_rows(release: Path, tmp_path: Path) -> None:
    database = tmp_path / "drover.sqlite3"
    with closing(sqlite3.connect(database)) as connection:
        connection.executescript(release.read_text())
    before = counts(database)
    assert all(before.values()), "the fixture has no row of a table"
    environment = {
        "PATH": os.environ["PATH"],
        "DROVER_DATA": str(tmp_path),
        "DROVER_ENV_FILE": os.devnull,
        "DATABASE_URL": f"sqlite:///{database}",
        "DROVER_DEBUG": "1",  # Static files need not be collected.
        "DJANGO_SETTINGS_MODULE": "dashboard.settings",
    }
    output = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", _MIGRATE_AND_COUNT],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    after = json.loads(output)
    assert {table: after["counts"].get(table) for table in before} == before
    assert after["rows"] > 10
