"""Threads in tests use the database as they do in production."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection as database

from queueapp.models import Connection


@pytest.mark.django_db(transaction=True)
def test_a_thread_can_write_a_table_that_another_thread_is_reading():
    for name in ("first", "second"):
        Connection.objects.create(name=name)

    def write() -> None:
        try:
            Connection.objects.filter(name="second").update(priority=7)
        finally:
            database.close()

    with database.cursor() as cursor, ThreadPoolExecutor(1) as threads:
        cursor.execute("SELECT name FROM queueapp_connection")
        assert cursor.fetchone()  # more rows remain, so the read is not finished
        threads.submit(write).result(timeout=30)
    assert Connection.objects.get(name="second").priority == 7
