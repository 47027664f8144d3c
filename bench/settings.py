"""Drover's settings with one more page: a bare signed-in view to compare with."""

from dashboard.settings import *  # noqa: F403

ROOT_URLCONF = "bench.urls"
