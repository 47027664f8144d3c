"""Find out whether this version of Drover can use an existing database."""

from contextlib import closing
from pathlib import Path

from django.conf import settings
from django.core.management.base import CommandError
from django.db import DatabaseError, connection
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.migrations.loader import MigrationLoader

APP = "queueapp"
MIGRATIONS_TABLE = "django_migrations"


def check_schema_version() -> None:
    """Raise CommandError if another version of Drover created the database. Change nothing in it."""
    known = {name for app, name in MigrationLoader(None).disk_migrations if app == APP}
    applied = _applied_migrations()
    if applied <= known:
        return
    # A newer version keeps the migrations of this one.
    creator = "a newer version of Drover" if applied & known else "Drover 0.1"
    location, advice = _location()
    raise CommandError(f"{location} was created by {creator} and cannot be used by this version. {advice}")


def _applied_migrations() -> set[str]:
    if connection.vendor == "sqlite" and not Path(connection.settings_dict["NAME"]).exists():
        return set()
    try:
        with closing(_copy_connection()) as reader, reader.cursor() as cursor:
            if MIGRATIONS_TABLE not in reader.introspection.table_names(cursor):
                return set()
            cursor.execute(f"SELECT name FROM {MIGRATIONS_TABLE} WHERE app = %s", [APP])  # noqa: S608
            return {name for (name,) in cursor.fetchall()}
    except DatabaseError as error:
        raise CommandError(f"The database cannot be read: {error}") from None


def _copy_connection() -> BaseDatabaseWrapper:
    """Return a connection to the database that changes no byte of it when it is opened and closed."""
    reader = connection.copy()
    if reader.vendor == "sqlite":
        path = Path(reader.settings_dict["NAME"]).absolute()
        # A killed instance leaves a write-ahead log, which a writable connection moves into the database when
        # it is closed. Without a log, a read-only connection creates an empty one and leaves it.
        mode = "ro" if path.with_name(f"{path.name}-wal").exists() else "rw"
        reader.settings_dict |= {"NAME": f"{path.as_uri()}?mode={mode}", "OPTIONS": {}}
    return reader


def _location() -> tuple[str, str]:
    """Return the database and what to do about it, in words for the user."""
    if Path(connection.settings_dict["NAME"]).parent == settings.DROVER_DATA:
        return (
            f"The database in {settings.DROVER_DATA}",
            "Choose another folder with DROVER_DATA, or move this one away.",
        )
    return "The database in DATABASE_URL", "Choose another database with DATABASE_URL."
