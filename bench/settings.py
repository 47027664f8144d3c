"""The product's settings and one more page: a bare signed-in view to measure against."""

from dashboard.settings import *  # noqa: F403

ROOT_URLCONF = "bench.urls"
