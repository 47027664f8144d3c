"""The product's settings with a throw-away data folder and what makes tests fast."""

import os
import tempfile

os.environ["DROVER_DATA"] = tempfile.mkdtemp(prefix="drover-tests-")
for _name in [name for name in os.environ if name.startswith(("DROVER_", "OXEN_"))] + ["PORT"]:
    if _name not in ("DROVER_DATA", "DROVER_NEEDS_BROWSER"):
        os.environ.pop(_name, None)
os.environ["DROVER_ENV_FILE"] = os.devnull

from dashboard.settings import *  # noqa: E402, F403

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
STORAGES = {
    **STORAGES,  # noqa: F405
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
STATIC_ROOT.mkdir(exist_ok=True)  # noqa: F405  (its absence is a warning, and warnings are errors here)

if DATABASES["default"]["ENGINE"].endswith("sqlite3"):  # noqa: F405
    # By default Django's test database is in memory, and threads share it through SQLite's shared cache.
    # There a read and a write of the same table fail at once, whatever the `timeout`: "database table is
    # locked". A file in WAL mode behaves as in production: reads and writes do not block each other, and
    # writes wait in turn. The folder belongs to this process, so each worker of pytest-xdist has a file.
    DATABASES["default"]["TEST"] = {"NAME": str(DROVER_DATA / "test.sqlite3")}  # noqa: F405
    # Tests need not survive a power cut.
    DATABASES["default"]["OPTIONS"]["init_command"] = "PRAGMA journal_mode=WAL; PRAGMA synchronous=OFF;"  # noqa: F405
