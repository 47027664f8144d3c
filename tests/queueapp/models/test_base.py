"""Writing single columns of a row."""

from django.db.models import F

from queueapp.models import Connection
from queueapp.models.base import update_row


def test_only_the_given_columns_are_written(db):
    connection = Connection.objects.create(name="oxen", capacity=3)
    Connection.objects.update(capacity=7)
    update_row(connection, last_error="It was busy.", consecutive_failures=F("consecutive_failures") + 1)
    assert (connection.last_error, connection.consecutive_failures) == ("It was busy.", 1)
    connection.refresh_from_db()
    assert (connection.last_error, connection.consecutive_failures, connection.capacity) == (
        "It was busy.",
        1,
        7,
    )


def test_a_deleted_row_is_not_created_again(db):
    connection = Connection.objects.create(name="oxen")
    Connection.objects.filter(pk=connection.pk).delete()
    update_row(connection, last_error="It was busy.")
    assert not Connection.objects.filter(name="oxen").exists()
