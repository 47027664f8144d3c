"""All settings with their defaults. Drover runs with an empty environment.

`docs/settings.md` describes the environment variables.
"""

from datetime import timedelta
from pathlib import Path

import dj_database_url
from csp.constants import NONE, SELF

from dashboard.env import create_data_folder, env, load_secret_key, local_hosts

BASE_DIR = Path(__file__).resolve().parent.parent
env.read_env(env.str("DROVER_ENV_FILE", str(BASE_DIR / ".env")), recurse=False)

# Data folder and addresses
DROVER_DATA = create_data_folder(env.path("DROVER_DATA", BASE_DIR / "data"))
DROVER_HOST = env.str("DROVER_HOST", "127.0.0.1")
PORT = env.int("PORT", 8000)
ALLOWED_HOSTS = env.list("DROVER_ALLOWED_HOSTS", None) or local_hosts(DROVER_HOST)
SECRET_KEY = env.str("DROVER_SECRET_KEY", "") or load_secret_key(DROVER_DATA)
DEBUG = env.bool("DROVER_DEBUG", False)

# Encryption at rest. Without keys in the environment, Drover stores its own in the data folder.
DROVER_ENCRYPTION_KEYS: list[str] = env.list("DROVER_ENCRYPTION_KEYS", [])

# A hub account from the environment: each start creates or updates the connection `oxen`.
OXEN_API_KEY = env.str("OXEN_API_KEY", "")
OXEN_HUB_URL = env.str("OXEN_HUB_URL", "https://hub.oxen.ai")
OXEN_NAMESPACE = env.str("OXEN_NAMESPACE", "")

# Queue
DROVER_MAX_GENERATIONS = env.int("DROVER_MAX_GENERATIONS", 4)
# With less than six seconds, the clusters of a busy machine would be restarted.
DROVER_SILENT_SECONDS = max(6.0, env.float("DROVER_SILENT_SECONDS", 15.0))

INSTALLED_APPS = [
    "dashboard.apps.DashboardConfig",
    "queueapp.apps.QueueConfig",
    "dashboard.apps.SiteConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django_htmx",
    "django_q",
    "axes",
    "csp",
    "ninja",
]

MIDDLEWARE = [
    "dashboard.api.middleware.ApiErrorMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "csp.middleware.CSPMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "axes.middleware.AxesMiddleware",
    "dashboard.error_pages.ErrorPageMiddleware",
]

ROOT_URLCONF = "dashboard.urls"
WSGI_APPLICATION = "dashboard.wsgi.application"
APPEND_SLASH = True

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    }
]

# Database: SQLite, or PostgreSQL with DATABASE_URL
DATABASES = {
    "default": dj_database_url.parse(
        env.str("DATABASE_URL", "") or f"sqlite:///{DROVER_DATA / 'drover.sqlite3'}",
        conn_max_age=60,
        conn_health_checks=True,
    )
}
if DATABASES["default"]["ENGINE"].endswith("sqlite3"):
    DATABASES["default"]["OPTIONS"] = {
        "timeout": 20,
        # In other modes, SQLite fails with "database is locked" when several processes write.
        "transaction_mode": "IMMEDIATE",
        # FULL: a commit survives a power cut. A forgotten POST would be sent, and paid, twice.
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;",
    }
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# Cache of rendered rows, one per process. The HTML of a row has one to two kilobytes.
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.locmem.LocMemCache",
        "OPTIONS": {"MAX_ENTRIES": 5000},
    }
}

# Task queues, one for the poller and one for all other jobs. `queueapp/checks.py` checks their times.
Q_CLUSTER = {
    "name": "jobs",
    "orm": "default",
    "workers": 4,
    "queue_limit": 4,
    "timeout": 600,
    "retry": 660,
    "max_attempts": 1,
    "ack_failures": True,
    "catch_up": False,
    "poll": 0.2,
    "guard_cycle": 0.5,
    "save_limit": -1,
    "log_level": "WARNING",
    "label": "Task queue",
    "ALT_CLUSTERS": {
        "poller": {"workers": 2, "queue_limit": 1, "timeout": 100, "retry": 120},
    },
}

# Files
MEDIA_ROOT = DROVER_DATA / "media"
STATIC_URL = "static/"
STATIC_ROOT = DROVER_DATA / "static"
STATICFILES_DIRS = [BASE_DIR / "static"]
STORAGES = {
    "default": {
        "BACKEND": "django.core.files.storage.FileSystemStorage",
        "OPTIONS": {"file_permissions_mode": 0o600, "directory_permissions_mode": 0o700},
    },
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}
# A data: URI is a third longer than the file in it, and must fit into a request body.
DROVER_MAX_INPUT_BYTES = env.int("DROVER_MAX_INPUT_BYTES", 12 * 1024 * 1024)
FILE_UPLOAD_HANDLERS = [
    "dashboard.composer.upload_handler.SizeLimitHandler",
    "django.core.files.uploadhandler.MemoryFileUploadHandler",
    "django.core.files.uploadhandler.TemporaryFileUploadHandler",
]
DROVER_MAX_RESULT_BYTES = env.int("DROVER_MAX_RESULT_BYTES", 1024 * 1024 * 1024)
DATA_UPLOAD_MAX_MEMORY_SIZE = env.int("DROVER_MAX_BODY_BYTES", 25 * 1024 * 1024)

# Sign-in
AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",
    "dashboard.access.UserBackend",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator"},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"
LOGIN_URL = "login"
LOGIN_REDIRECT_URL = "index"
LOGOUT_REDIRECT_URL = "login"
AXES_FAILURE_LIMIT = 10
AXES_COOLOFF_TIME = timedelta(minutes=5)
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_CLIENT_IP_CALLABLE = "dashboard.access.client_ip"
AXES_RESET_ON_SUCCESS = True
AXES_LOCKOUT_CALLABLE = "dashboard.views.account.locked_out"
AXES_ENABLE_ACCESS_FAILURE_LOG = False
AXES_VERBOSE = False

# Cookies and transport. Cookies are shared by all ports of a host; the port in the name separates instances.
SESSION_COOKIE_NAME = f"drover_session_{PORT}"
SESSION_COOKIE_AGE = int(timedelta(days=30).total_seconds())
X_FRAME_OPTIONS = "DENY"
SECURE_REFERRER_POLICY = "same-origin"
DROVER_HTTPS = env.bool("DROVER_HTTPS", False)
if DROVER_HTTPS:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    SECURE_SSL_REDIRECT = True
    SECURE_REDIRECT_EXEMPT = [r"^healthz$"]
    SESSION_COOKIE_SECURE = True
    CSRF_COOKIE_SECURE = True
    SECURE_HSTS_SECONDS = env.int("DROVER_HSTS_SECONDS", 30 * 24 * 3600)
    # HSTS for subdomains and preloading (W005, W021) would affect other hosts of the domain.
    SILENCED_SYSTEM_CHECKS = ["security.W005", "security.W021"]
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "img-src": [SELF, "data:"],
        "object-src": [NONE],
        "base-uri": [SELF],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
    }
}

# Language and time
LANGUAGE_CODE = "en-us"
TIME_ZONE = env.str("DROVER_TIME_ZONE", "UTC")
USE_TZ = True

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "filters": {
        # /healthz answers 503 on purpose when a part is down.
        "not_health": {
            "()": "django.utils.log.CallbackFilter",
            "callback": lambda record: not record.getMessage().endswith("/healthz"),
        },
    },
    "formatters": {"plain": {"format": "%(levelname)s %(name)s: %(message)s"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "plain"}},
    "root": {"handlers": ["console"], "level": "INFO"},
    "loggers": {
        # Errors of the caller (4xx) are answered, not logged.
        "django.request": {"level": "ERROR", "filters": ["not_health"]},
        "django.security.DisallowedHost": {"level": "CRITICAL"},
        "django-q": {"level": "WARNING"},
        "axes": {"level": "ERROR"},
    },
}
