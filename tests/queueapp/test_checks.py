"""System checks that refuse dangerous settings."""

import copy

from django.conf import settings

from queueapp import checks


def test_the_settings_of_the_product_pass():
    assert checks.check_task_timeouts() + checks.check_sqlite_transactions() == []


def test_a_task_that_is_delivered_again_before_its_timeout_is_refused(monkeypatch):
    clusters = copy.deepcopy(settings.Q_CLUSTER)
    clusters["ALT_CLUSTERS"]["poller"]["retry"] = clusters["ALT_CLUSTERS"]["poller"]["timeout"]
    monkeypatch.setattr(settings, "Q_CLUSTER", clusters)
    (error,) = checks.check_task_timeouts()
    assert (error.id, error.is_serious()) == ("drover.E001", True)
    assert "poller" in error.msg


def test_sqlite_without_immediate_transactions_is_refused(monkeypatch):
    database = {"ENGINE": "django.db.backends.sqlite3", "OPTIONS": {}}
    monkeypatch.setitem(settings.DATABASES, "default", database)
    (error,) = checks.check_sqlite_transactions()
    assert (error.id, error.is_serious()) == ("drover.E002", True)
