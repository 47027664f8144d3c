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
